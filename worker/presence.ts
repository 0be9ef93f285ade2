// The heartbeat: keeps the leases of what runs here, and hears what is to be cancelled or was lost.
import { hostname } from "node:os";
import type { Redis } from "ioredis";
import { openSql, type Sql } from "../src/platform/db";
import { liveChannel } from "../src/platform/live";
import type { LiveEvent } from "../src/platform/live-event";
import { log } from "../src/platform/log";
import { entrypointsDir, entrypointsIn } from "../src/tasks/entrypoints";
import { giveBack } from "../src/tasks/finish";
import { heartbeat } from "../src/tasks/heartbeat";
import type { WorkerIdentity } from "../src/tasks/worker-registry";
import { keyOf, type RunningTask } from "./running-task";

const HEARTBEAT_MS = 5000;
const RETRY_MS = 500;
/** No claims this long after the last good heartbeat. */
const CLAIM_FENCE_MS = 25_000;
/** Programs die this long after it: their leases of 60 s are about to end, and another worker will run them again. */
const KILL_FENCE_MS = 45_000;

const NAME_LOCK = 7_110_020;

/**
 * A worker's name, held by a session lock of PostgreSQL: two processes never work under one name.
 * The session is checked with each heartbeat and opened again after an outage.
 */
export class WorkerName {
  readonly #sql: Sql;
  private constructor(
    readonly name: string,
    sql: Sql,
  ) {
    this.#sql = sql;
  }

  /** @throws Error when the wanted name is taken */
  static async take(databaseUrl: string, wanted: string | undefined): Promise<WorkerName> {
    // One connection, so that the lock lives exactly as long as it does.
    const sql = openSql(databaseUrl, { max: 1, name: "mlqueue worker name" });
    for (let n = 1; ; n++) {
      const name = wanted ?? `${hostname()}-${n}`;
      const [row] = await sql`SELECT pg_try_advisory_lock(${NAME_LOCK}, hashtext(${name})) AS got`;
      if (row?.got) return new WorkerName(name, sql);
      if (wanted !== undefined) {
        await sql.end({ timeout: 1 });
        throw new Error(`Another worker runs under the name ${wanted} (WORKER_NAME).`);
      }
    }
  }

  /** Whether the name is still, or again, this process's. @throws while PostgreSQL is away */
  async isHeld(): Promise<boolean> {
    const [held] = await this.#sql`
      SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND classid = ${NAME_LOCK} AND objid::int8 = hashtext(${this.name})::int8 & 4294967295`;
    if (held) return true;
    const [row] = await this.#sql`SELECT pg_try_advisory_lock(${NAME_LOCK}, hashtext(${this.name})) AS got`;
    return row?.got === true;
  }

  async release(): Promise<void> {
    await this.#sql.end({ timeout: 2 });
  }
}

export type PresenceOptions = {
  worker: WorkerIdentity;
  name: WorkerName;
  running: Map<string, RunningTask>;
  claimsUnderWay: Set<string>;
  cancelGraceMs: number;
  /** Lets programs run on for so long. A worker that stands still cannot kill them itself. */
  guardFor: (seconds: number) => void;
  /** Called when this worker's name is another process's: it must not go on. */
  onSuperseded: () => void;
};

export class Presence {
  readonly #options: PresenceOptions;
  #lastGoodAt = performance.now();
  #timer: NodeJS.Timeout | undefined;
  #fence: NodeJS.Timeout | undefined;
  #beating: Promise<void> | undefined;
  #again = false;
  #stopped = false;

  constructor(options: PresenceOptions) {
    this.#options = options;
  }

  start(): void {
    this.#options.guardFor(KILL_FENCE_MS / 1000);
    this.#schedule(HEARTBEAT_MS);
    // On a clock of its own: a heartbeat that hangs fails late or never.
    this.#fence = setInterval(() => this.#killIfFenced(), 1000);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    clearInterval(this.#fence);
    await this.#beating;
  }

  /** False while heartbeats fail: what is claimed now could not be kept. */
  get mayClaim(): boolean {
    return performance.now() - this.#lastGoodAt < CLAIM_FENCE_MS;
  }

  /** Listens for hints that a task of this worker is to be cancelled; the heartbeat hears of it in any case. */
  async listen(subscriber: Redis): Promise<void> {
    subscriber.on("message", (channel: string, text: string) => {
      if (channel !== liveChannel() || !text.includes('"cancel"')) return;
      const events = JSON.parse(text) as LiveEvent[];
      const mine = events.some(
        (event) =>
          event.kind === "cancel" &&
          [...this.#options.running.values()].some((one) => one.task.taskId === event.taskId),
      );
      if (mine) this.beatNow();
    });
    await subscriber.subscribe(liveChannel());
  }

  beatNow(): void {
    if (this.#beating) this.#again = true;
    else this.#beat();
  }

  #schedule(ms: number): void {
    clearTimeout(this.#timer);
    if (!this.#stopped) this.#timer = setTimeout(() => this.#beat(), ms);
  }

  #beat(): void {
    if (this.#beating || this.#stopped) return;
    const sentAt = performance.now();
    this.#beating = this.#heartbeat()
      .then(() => {
        this.#lastGoodAt = sentAt;
        this.#options.guardFor((KILL_FENCE_MS - (performance.now() - sentAt)) / 1000);
        this.#schedule(HEARTBEAT_MS);
      })
      .catch((error: unknown) => {
        log.warn({ error: error instanceof Error ? error.message : String(error) }, "a heartbeat failed");
        this.#schedule(RETRY_MS);
      })
      .finally(() => {
        this.#beating = undefined;
        if (!this.#again) return;
        this.#again = false;
        this.#beat();
      });
  }

  async #heartbeat(): Promise<void> {
    const { worker, name, running, claimsUnderWay, cancelGraceMs, onSuperseded } = this.#options;
    const named = [...running.values()].map((one) => ({ taskId: one.task.taskId, attempt: one.task.attempt }));
    const answer = await heartbeat(worker, named, entrypointsIn(entrypointsDir()));
    if (!answer.known) {
      onSuperseded();
      return;
    }
    // Who took the name would have a new epoch by now, or will before the next heartbeat.
    if (!(await name.isHeld()))
      log.warn(
        { worker: name.name },
        "this worker's name is held by a session that PostgreSQL does not know to be dead",
      );
    for (const key of answer.cancel) running.get(keyOf(key))?.stop("cancelled", cancelGraceMs);
    for (const key of answer.lost) {
      const one = running.get(keyOf(key));
      if (!one) continue;
      log.warn(
        { taskId: key.taskId, attempt: key.attempt },
        "an attempt was no longer this worker's; its program was killed",
      );
      one.stop("lost", 0);
    }
    // Asked now, not when the heartbeat was sent: a claim may have come in between, and its tasks are starting.
    const neverStarted = answer.unnamed.filter(
      (key) => !running.has(keyOf(key)) && !claimsUnderWay.has(key.claimToken),
    );
    if (neverStarted.length > 0) await giveBack(neverStarted, "given_back", "claimed, but never started");
  }

  #killIfFenced(): void {
    if (performance.now() - this.#lastGoodAt < KILL_FENCE_MS) return;
    for (const one of this.#options.running.values()) one.stop("lost", 0);
  }
}
