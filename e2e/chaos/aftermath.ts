// What is asked of the running cluster once it is quiet.
import { readdirSync, readFileSync } from "node:fs";
import type { Violation } from "./checker";
import type { Client } from "./clients";
import type { Cluster } from "./cluster";
import { pause, type Random } from "./seeded";
import type { TaskMaker } from "./tasks";

/** Descriptors of a process, and PostgreSQL's sessions of all our programs. */
export type Held = { web: number; sessions: number };

export const heldBy = async (cluster: Cluster): Promise<Held> => {
  const [row] = await cluster.sql<{ n: number }[]>`
    SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name LIKE 'mlqueue%' AND pid <> pg_backend_pid()`;
  return { web: readdirSync(`/proc/${cluster.web.pid}/fd`).length, sessions: row?.n ?? 0 };
};

/** The pools of three programs when all of their connections are in use, with some room. */
const MOST_SESSIONS = 3 * (20 + 4 + 2);
/** Its pools, Redis, and what the clients keep open. */
const MOST_MORE_DESCRIPTORS = 80;

/** I17: what the faults broke off was given back. */
export const checkHeld = (before: Held, after: Held): Violation[] => [
  ...(after.sessions > MOST_SESSIONS
    ? [
        {
          invariant: "I17",
          taskId: null,
          what: `${after.sessions} sessions at PostgreSQL, ${before.sessions} at the start`,
        },
      ]
    : []),
  ...(after.web > before.web + MOST_MORE_DESCRIPTORS
    ? [
        {
          invariant: "I17",
          taskId: null,
          what: `the web server holds ${after.web} descriptors, ${before.web} at the start`,
        },
      ]
    : []),
];

/** I13: statistics are what a GROUP BY says. */
export const checkStatistics = async (cluster: Cluster, clients: Client[]): Promise<Violation[]> => {
  const found: Violation[] = [];
  for (const { account } of new Map(clients.map((client) => [client.account.userId, client])).values()) {
    const response = await fetch(`${cluster.url}/v1/statistics/tasks`, {
      headers: { authorization: `Bearer ${account.key}` },
    });
    const { statistics } = (await response.json()) as { statistics: Record<string, number> };
    const [row] = await cluster.sql<Record<string, number>[]>`
      SELECT count(*)::int AS total_tasks, count(*) FILTER (WHERE status = 'completed')::int AS completed_tasks,
        count(*) FILTER (WHERE status = 'failed')::int AS failed_tasks, count(*) FILTER (WHERE status = 'cancelled')::int AS cancelled_tasks
      FROM tasks WHERE user_id = ${account.userId}`;
    for (const [name, n] of Object.entries(row ?? {}))
      if (statistics[name] !== n)
        found.push({ invariant: "I13", taskId: null, what: `${name} is told as ${statistics[name]} and is ${n}` });
  }
  return found;
};

/** I15: what one account has is not there for another. */
export const checkStrangers = async (stranger: Client, ids: string[]): Promise<Violation[]> => {
  const found: Violation[] = [];
  for (const id of ids.slice(0, 20)) {
    const status = await stranger.peekAt(id);
    if (status !== 404) found.push({ invariant: "I15", taskId: id, what: `a stranger's look was answered ${status}` });
  }
  return found;
};

const IN_ORDER = 12;

/** I9: with one slot and no fault tasks start in the order of their places. The workers are replaced by one with one slot. */
export const checkOrder = async (
  cluster: Cluster,
  client: Client,
  make: TaskMaker,
  random: Random,
): Promise<Violation[]> => {
  const stuck = await cluster.stopWorkers(15_000);
  await client.control("pause", "order");
  const ids: string[] = [];
  for (let n = 0; n < IN_ORDER; n++) {
    const priority = Math.floor(3 * random());
    const body = make.body(`order-${n}`, "order");
    const id = await client.submit({
      ...body,
      metadata: { key: `order-${n}`, kind: "steady" },
      command: make.steady(0),
      max_attempts: 1,
      timeout_seconds: null,
      priority,
    });
    if (id !== null) ids.push(id);
  }
  const [second = "", ninth = ""] = [ids[1], ids[8]];
  await client.ask(
    "reorder",
    { method: "POST", path: "/v1/queue/reorder", body: { task_ids: [ninth, second] } },
    { ids: [ninth, second] },
  );
  await cluster.addWorker("chaos-one", { QUEUE_WORKER_COUNT: "1" });
  await client.control("resume", "order");
  const rows = () => cluster.sql<{ id: string; status: string; place: number }[]>`
    SELECT t.id, t.status, t.place::float8 AS place FROM tasks t LEFT JOIN task_attempts a ON a.task_id = t.id
    WHERE t.queue = 'order' ORDER BY a.started_at NULLS LAST`;
  const until = Date.now() + 30_000;
  let started = await rows();
  for (; Date.now() < until && started.some((row) => row.status !== "completed"); started = await rows())
    await pause(200);
  const inOrder = started.every((row, index) => row.place >= (started[index - 1]?.place ?? 0));
  return [
    ...stuck.map((name) => ({ invariant: "I7", taskId: null, what: `${name} did not end within 15 s of SIGTERM` })),
    ...(inOrder && started.length === IN_ORDER
      ? []
      : [
          {
            invariant: "I9",
            taskId: null,
            what: `started in the order ${started.map((row) => `${row.id} at ${row.place}`)}`,
          },
        ]),
  ];
};

/** I16: what others can read of our processes. */
export const checkArguments = (cluster: Cluster, planted: string[]): Violation[] =>
  [cluster.web, ...cluster.workers].flatMap(({ name, pid }) =>
    planted
      .filter((one) => readFileSync(`/proc/${pid}/cmdline`, "latin1").includes(one))
      .map(() => ({ invariant: "I16", taskId: null, what: `a planted secret stands in the arguments of ${name}` })),
  );
