// When the shared duties run. What each does is in its feature. Every worker tries each duty; the one that gets its lock does it.

import { purgeActivity } from "../src/activity/purge";
import { DatabaseClock } from "../src/platform/database-clock";
import { getSql } from "../src/platform/db";
import { getEnv } from "../src/platform/env";
import { isOutage } from "../src/platform/errors";
import { purgeIdempotencyKeys } from "../src/platform/idempotency";
import { log } from "../src/platform/log";
import { purgeRunLogs, purgeRunMetrics, purgeRuns } from "../src/runs/purge";
import { purgeTrash } from "../src/runs/trash";
import { LEASE_SECONDS } from "../src/tasks/claim";
import { foldCounts } from "../src/tasks/counts";
import { finishIfCurrent, giveBack } from "../src/tasks/finish";
import { attemptsOnMachine, CLOCK_TOLERANCE_MS, expiredAttempts } from "../src/tasks/lost-attempts";
import { promoteDue, releaseDependents } from "../src/tasks/promote";
import { purgeTaskLogs, purgeTaskMetrics, purgeTasks } from "../src/tasks/purge";
import { rebuildIfLost, repairAll, repairRecent } from "../src/tasks/reconcile";
import { Deliverer, purgeWebhooks } from "../src/webhooks/deliver";
import { isAlive, killMarked } from "./containment";
import { type EndSpool, endsIn } from "./end-spool";
import { removeForgottenFiles } from "./forgotten-files";
import { keyOf } from "./running-task";

const DUTY_LOCK = 7_110_030;
/** Between looks at PostgreSQL for attempts of dead workers. */
const REAP_MS = 1000;
/** Between looks at whether the workers of this machine live: a small file of /proc each. */
const LOOK_AT_PEERS_MS = 100;
/** Between a change and its webhook; an idle look is one round trip. */
const DELIVER_MS = 200;

/** A worker that froze in the middle of a duty has it no longer than this. Those without a limit wait for an hour anyway, or take long. */
const FROZEN_AFTER_MS = 30_000;

/**
 * Runs a duty if no other worker does so just now.
 *
 * @param limitMs so long it may take before another worker may do it as well; 0: for as long as this one's connection lasts
 */
export const exclusively = (duty: number, run: () => Promise<unknown>, limitMs = FROZEN_AFTER_MS): Promise<void> =>
  getSql().begin(async (sql) => {
    const [row] = await sql`
      SELECT pg_try_advisory_xact_lock(${DUTY_LOCK}, ${duty}) AS got, set_config('idle_in_transaction_session_timeout', ${`${limitMs}ms`}, true)`;
    if (row?.got) await run();
  });

export type Housekeeper = {
  machine: { bootId: string; pidNamespace: string };
  self: { pid: number; pidStartTime: number };
  spool: EndSpool;
  reapMs?: number;
  dataDir: string;
};

export class Housekeeping {
  readonly #housekeeper: Housekeeper;
  readonly #loops: Promise<void>[] = [];
  readonly #deliverer = new Deliverer();
  readonly #stopping = new AbortController();
  /** Since when PostgreSQL has answered without a gap, by the same clock: neither may look like dead workers. */
  #seenSince = performance.now();
  readonly #clock = new DatabaseClock(CLOCK_TOLERANCE_MS);
  /** Other workers of this machine that ran attempts when PostgreSQL was last asked. */
  #peers: { pid: number; startTime: number }[] = [];

  constructor(housekeeper: Housekeeper) {
    this.#housekeeper = housekeeper;
  }

  start(): void {
    const didPeerDie = () => this.#peers.some(({ pid, startTime }) => !isAlive(pid, startTime));
    this.#every(this.#housekeeper.reapMs ?? REAP_MS, "reap dead workers", () => this.#reapDead(), didPeerDie);
    this.#every(1000, "promote", () => exclusively(1, promoteDue));
    this.#every(1000, "fold counts", () => exclusively(2, foldCounts));
    this.#every(1000, "repair recent", () =>
      // Millions of tasks take a minute to rebuild.
      exclusively(3, async () => ((await rebuildIfLost()) ? undefined : repairRecent()), 4 * FROZEN_AFTER_MS),
    );
    this.#every(5000, "release dependents", () => exclusively(4, releaseDependents));
    this.#every(5000, "reap expired leases", () => exclusively(5, () => this.#reapExpired()));
    this.#every(30_000, "repair all", () => exclusively(6, repairAll, 0));
    this.#every(3_600_000, "purge idempotency keys", () => exclusively(7, purgeIdempotencyKeys, 0));
    this.#every(3_600_000, "purge trash", () => exclusively(8, purgeTrash, 0));
    this.#every(3_600_000, "purge webhooks", () => exclusively(9, purgeWebhooks, 0));
    this.#every(3_600_000, "purge activity", () => exclusively(10, purgeActivity, 0));
    this.#every(3_600_000, "purge what is old", () => exclusively(11, () => this.#purgeOld(), 0));
    this.#every(3_600_000, "remove forgotten files", () =>
      removeForgottenFiles(this.#housekeeper.dataDir, getEnv().RETENTION_DAYS, this.#stopping.signal),
    );
    // Every worker sends: deliveries are claimed one by one.
    this.#every(DELIVER_MS, "deliver webhooks", () => this.#deliverer.round());
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all([...this.#loops, this.#deliverer.stop()]);
  }

  /** First what is deleted as a whole: its logs and metrics need no look of their own then. */
  async #purgeOld(): Promise<void> {
    const { signal } = this.#stopping;
    const purged = {
      tasks: await purgeTasks(signal),
      runs: await purgeRuns(signal),
      logs: (await purgeTaskLogs(signal)) + (await purgeRunLogs(signal)),
      metrics: (await purgeTaskMetrics(signal)) + (await purgeRunMetrics(signal)),
    };
    if (Object.values(purged).some((count) => count > 0))
      log.info(purged, "what was older than its retention was deleted");
  }

  /** @param isDue looked at meanwhile: the next time comes at once */
  #every(ms: number, duty: string, run: () => Promise<unknown>, isDue?: () => boolean): void {
    this.#loops.push(this.#loop(ms, duty, run, isDue));
  }

  async #loop(ms: number, duty: string, run: () => Promise<unknown>, isDue?: () => boolean): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        await run();
      } catch (error) {
        if (isOutage(error)) this.#seenSince = performance.now();
        log.warn(
          { duty, error: error instanceof Error ? error.message : String(error) },
          "a duty failed; it is tried again",
        );
      }
      if (isDue)
        for (let left = ms; left > 0 && !signal.aborted && !isDue(); left -= LOOK_AT_PEERS_MS)
          await pause(LOOK_AT_PEERS_MS, signal);
      else await pause(ms, signal);
    }
  }

  /** Takes over for workers of this machine that died: at once, since here a death can be proven. */
  async #reapDead(): Promise<void> {
    const { machine, self, spool } = this.#housekeeper;
    // Empty if PostgreSQL is away: a dead one would have this tried without a pause.
    this.#peers = [];
    const others = await attemptsOnMachine(machine, self);
    const orphans = others.filter((one) => !isAlive(one.workerPid, one.workerStartTime));
    const peers = others.map(({ workerPid, workerStartTime }) => ({ pid: workerPid, startTime: workerStartTime }));
    this.#peers = peers.filter(({ pid, startTime }) => isAlive(pid, startTime));
    // Together: each takes two looks 200 ms apart.
    const attempts = orphans.map(({ taskId, attempt }) => ({ taskId, attempt }));
    await Promise.all(attempts.map(killMarked));
    // An end that a dead worker had written down counts; only then are the others lost.
    const left = spool.others().filter(({ pid, startTime }) => !isAlive(pid, startTime));
    const ends = left.flatMap(endsIn);
    const isOrphan = new Set(attempts.map(keyOf));
    await Promise.all(ends.filter((end) => isOrphan.has(keyOf(end))).map(finishIfCurrent));
    await giveBack(attempts, "lost", "its worker died");
    // The rest is recorded already, or was given up when the lease was over.
    for (const end of ends) if (!isOrphan.has(keyOf(end))) await finishIfCurrent(end);
    for (const file of left) spool.drop(file);
  }

  /** Gives up attempts of machines that have not been heard of for a lease. */
  async #reapExpired(): Promise<void> {
    const expired = await expiredAttempts();
    // Set ahead it lets all leases expire, also of those whose next heartbeat is on its way.
    if (await this.#clock.wasSet()) {
      this.#seenSince = performance.now();
      log.warn("PostgreSQL's clock was set, or this machine slept: leases count from now on");
    }
    if (performance.now() - this.#seenSince < LEASE_SECONDS * 1000) return;
    await giveBack(expired, "lost", "its worker was not heard of for 60 s");
  }
}

const pause = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(done, ms);
    function done() {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    }
    signal.addEventListener("abort", done);
  });
