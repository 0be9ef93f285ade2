// The gate: a cluster, clients and faults; then quiet, and the checker's verdict.
import { join } from "node:path";
import { cgroupParent } from "../../worker/cgroup";
import { checkArguments, checkHeld, checkOrder, checkStatistics, checkStrangers, heldBy } from "./aftermath";
import { check, type Violation } from "./checker";
import { Client } from "./clients";
import { Cluster, type ClusterOptions, holdersOf, SECRETS } from "./cluster";
import { areSetsEqual, type Evidence, readEvidence } from "./evidence";
import type { Fault } from "./faults";
import { History, type Struck } from "./history";
import { Receiver } from "./receiver";
import { type Recovery, recoveryOf } from "./recovery";
import { startSampler } from "./sampler";
import { pause, type Random, seeded } from "./seeded";
import { type Kind, type TaskMaker, taskMaker } from "./tasks";

export type GateOptions = Omit<ClusterOptions, "slots" | "setsClock"> & {
  seed: number;
  /** at least so many are sent */
  tasks: number;
  /** all unless given */
  kinds?: readonly Kind[] | undefined;
  /** so many tasks wait at most while faults are to come; 24 unless given */
  backlog?: number | undefined;
  /** in order */
  faults: readonly Fault[];
  /** no fault is begun after that */
  endAt?: number;
  /** with nothing ending for so long, what still waits is taken to wait for ever */
  patienceMs?: number;
};

export type Verdict = {
  seed: number;
  violations: Violation[];
  evidence: Evidence;
  recovery: Recovery;
  seconds: number;
};

const SLOTS = 8;
const CLIENTS = 4;
/** The faults are to hit programs at work. */
export const LEAST_RUNNING = 4;
const BACKLOG = 24;

/** Tasks whose programs run this very moment. */
const runningNow = (cluster: Cluster): number =>
  new Set(holdersOf(join(cluster.programs, "locks")).map(({ file }) => file)).size;

/** How many tasks may be sent by now: their number follows the faults, so that each meets programs at work. */
class Budget {
  sent = 0;
  isOver = false;

  constructor(public allowed: number) {}

  take(count: number): boolean {
    if (this.sent >= this.allowed) return false;
    this.sent += count;
    return true;
  }
}

const park = async (client: Client, make: TaskMaker): Promise<void> => {
  await client.control("pause", "parked");
  for (let n = 0; n < 3; n++) await client.submit(make.parked(`paused-${n}`, { queue: "parked" }));
  await client.submit(make.parked("for-a-client", { command: undefined }));
  const future = await client.submit(make.parked("future", { run_at: "2100-01-01T00:00:00Z" }));
  if (future !== null) await client.submit(make.parked("blocked", { depends_on: [future] }));
  // Nobody acts on these.
  client.own.length = 0;
};

/** Sends what the budget allows and acts meanwhile, until the budget is over. */
const useClient = async (client: Client, all: Client[], budget: Budget, random: Random): Promise<void> => {
  const ofAccount = all.filter((other) => other.account === client.account);
  while (!budget.isOver || budget.sent < budget.allowed) {
    const count = random() < 0.2 ? 4 + Math.floor(6 * random()) : 1;
    if (budget.take(count)) await (count > 1 ? client.submitBatch(count) : client.submit());
    else await pause(100);
    if (random() < 0.3) await client.act(ofAccount.flatMap((other) => other.own));
    if (client === all[0] && random() < 0.08) {
      await client.control("pause", "side");
      await pause(1500 + 2000 * random());
      await client.control("resume", "side");
    }
    await pause(20 + 80 * random());
  }
};

const LOSS_WAIT_MS = 30_000;
const LOSS_WAIT_MORE_MS = 3000;
const RUNNING_WAIT_MS = 60_000;

/**
 * A fourth loss gives a task up, as promised; here as many as possible are to end as their programs do. One that takes long must not hold
 * up each fault: what is waited is taken from what may be waited for the next ones.
 */
const waitingForLosses = (cluster: Cluster): (() => Promise<void>) => {
  let leftMs = LOSS_WAIT_MS;
  return async () => {
    const from = Date.now();
    for (; Date.now() < from + leftMs; await pause(100)) {
      const [row] = await cluster.sql`SELECT 1 FROM tasks WHERE losses >= 3 AND completed_at IS NULL LIMIT 1`;
      if (!row) break;
    }
    leftMs = Math.min(LOSS_WAIT_MS, Math.max(0, leftMs - (Date.now() - from)) + LOSS_WAIT_MORE_MS);
  };
};

const waitForPrograms = async (cluster: Cluster, budget: Budget): Promise<number> => {
  for (const until = Date.now() + RUNNING_WAIT_MS; ; await pause(100)) {
    const running = runningNow(cluster);
    if (running >= LEAST_RUNNING || Date.now() > until) return running;
    if (budget.sent >= budget.allowed) budget.allowed += LEAST_RUNNING;
  }
};

/** A start takes its time on a busy machine: the fault is over when the server is ready again. */
const waitForWeb = async (cluster: Cluster, struck: Struck): Promise<void> => {
  while (cluster.web.readyAt < struck.at && Date.now() < struck.at + RUNNING_WAIT_MS) await pause(100);
  struck.until = Date.now();
};

const strikeAll = async (cluster: Cluster, history: History, budget: Budget, options: GateOptions, random: Random) => {
  const { faults, tasks, backlog = BACKLOG, endAt = Number.POSITIVE_INFINITY, say } = options;
  const waitForLosses = waitingForLosses(cluster);
  for (const [index, fault] of faults.entries()) {
    if (Date.now() > endAt) break;
    await pause(300 + 1200 * random());
    if (fault.isLossy) await waitForLosses();
    const running = await waitForPrograms(cluster, budget);
    const at = Date.now();
    const struck: Struck = {
      fault: fault.name,
      at,
      until: Number.POSITIVE_INFINITY,
      running,
      away: fault.away,
      victims: [],
    };
    history.struck.push(struck);
    struck.victims = await fault.strike(cluster, random);
    const overAt = Date.now();
    if (fault.away.includes("web")) void waitForWeb(cluster, struck);
    else struck.until = overAt;
    say(`${fault.name}: ${running} programs were running, ${((overAt - at) / 1000).toFixed(1)} s`);
    if (fault.away.includes("postgres")) history.postgresBackAt.push(overAt);
    if (fault.away.includes("redis")) {
      const ms = await cluster.redisWhole(20_000);
      if (ms !== null) history.redisWholeMs.push(ms);
    }
    budget.allowed = Math.max(budget.allowed, backlog + Math.ceil((tasks * (index + 1)) / faults.length));
  }
  budget.allowed = Math.max(budget.allowed, tasks);
  budget.isOver = true;
};

const POLL_MS = 300;
const SETTLE_MS = 45_000;

/** Resolves when all has ended that is to end, or nothing has ended for a while. */
const waitForQuiet = async (cluster: Cluster, patienceMs: number): Promise<void> => {
  let before = -1;
  for (let movedAt = Date.now(); Date.now() - movedAt < patienceMs; await pause(POLL_MS)) {
    const [row] = await cluster.sql<{ left: number }[]>`
      SELECT count(*)::int AS left FROM tasks WHERE completed_at IS NULL AND metadata->>'kind' <> 'parked'`;
    const left = row?.left ?? 0;
    if (left === 0) return;
    if (left !== before) movedAt = Date.now();
    before = left;
  }
};

/** Sets equal, all webhooks delivered; what does not come is the checker's to tell. */
const waitForSettling = async (cluster: Cluster): Promise<void> => {
  for (const until = Date.now() + SETTLE_MS; Date.now() < until; await pause(POLL_MS)) {
    const [row] = await cluster.sql`SELECT 1 FROM webhook_deliveries WHERE status = 'pending' LIMIT 1`;
    if (!row && (await areSetsEqual(cluster))) return;
  }
};

const subscribe = async (cluster: Cluster, receiver: Receiver, key: string): Promise<string> => {
  const response = await fetch(`${cluster.url}/v1/webhooks`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
    body: JSON.stringify({ url: receiver.url }),
  });
  const answer = (await response.json()) as { secret?: string; error?: string };
  if (answer.secret === undefined) throw new Error(`The receiver could not be registered: ${answer.error}`);
  return answer.secret;
};

/** Runs the gate. @throws Error when the cluster cannot be brought up or struck */
export const runGate = async (options: GateOptions): Promise<Verdict> => {
  const startedAt = Date.now();
  const { seed, patienceMs = 100_000 } = options;
  const receiver = await Receiver.open();
  const cluster = await Cluster.open({
    ...options,
    slots: SLOTS,
    setsClock: options.faults.some((fault) => fault.setsClock),
  });
  try {
    const history = new History();
    const make = taskMaker(seeded(seed), cluster.programs, cgroupParent() !== null, options.kinds);
    const clients = Array.from({ length: CLIENTS }, (_, n) => {
      const account = cluster.accounts[n === CLIENTS - 1 ? 1 : 0];
      if (!account) throw new Error("An account is missing.");
      return new Client(`client-${n}`, account, cluster.url, history, seeded(seed + 1 + n), make);
    });
    const [first] = clients;
    const stranger = clients.at(-1);
    if (!first || !stranger) throw new Error("There are no clients.");
    const secret = await subscribe(cluster, receiver, first.account.key);
    const planted = [...Object.values(SECRETS), secret, ...cluster.accounts.map((account) => account.key)];
    await park(first, make);
    const before = await heldBy(cluster);

    const stopSampler = startSampler(cluster, history);
    const budget = new Budget(options.backlog ?? BACKLOG);
    const using = clients.map((client, n) => useClient(client, clients, budget, seeded(seed + 100 + n)));
    await strikeAll(cluster, history, budget, options, seeded(seed + 1000));
    await Promise.all(using);
    await first.control("resume", "side");
    await waitForQuiet(cluster, patienceMs);
    await stopSampler();
    await waitForSettling(cluster);

    const late: Violation[] = [
      ...checkHeld(before, await heldBy(cluster)),
      ...checkArguments(cluster, planted),
      ...(await checkStatistics(cluster, clients)),
      ...(await checkStrangers(stranger, first.own)),
      ...(await checkOrder(cluster, first, make, seeded(seed + 2000))),
    ];
    await waitForSettling(cluster);
    for (const name of await cluster.stopWorkers(15_000))
      late.push({ invariant: "I7", taskId: null, what: `${name} did not end within 15 s of SIGTERM` });
    const evidence = await readEvidence(cluster, history, receiver, secret);
    return {
      seed,
      violations: [...check(evidence, planted), ...late],
      evidence,
      recovery: recoveryOf(evidence),
      seconds: Math.round((Date.now() - startedAt) / 1000),
    };
  } finally {
    await cluster.close();
    await receiver.close();
  }
};
