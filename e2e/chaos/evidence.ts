// What the checker reads when all is quiet: rows, sets, the programs' ledger, the receiver, /proc and logs.
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type Cluster, cgroupsOf, holdersOf, PREFIX } from "./cluster";
import type { History } from "./history";
import { isSigned, type Receiver } from "./receiver";

export type LedgerLine = { kind: string; taskId: string; attempt: number; nonce: string; at: number };

export type TaskFact = {
  id: string;
  user_id: string;
  queue: string;
  class: string;
  status: string;
  attempt: number;
  failures: number;
  change_no: number;
  place: number;
  max_attempts: number;
  metadata: { key: string; kind: string };
  result: { nonce?: string } | null;
  error_message: string | null;
  error_kind: string | null;
  created: number;
  started: number | null;
  completed: number | null;
};

export type AttemptFact = {
  task_id: string;
  attempt: number;
  worker_id: string | null;
  outcome: string | null;
  started: number;
  ended: number | null;
};

export type EventFact = { id: string; subject_id: string; change_no: number; event: string; body: string };
type Chunk = {
  subject_id: string;
  first_line: number;
  last_line: number;
  attempt: number;
  lines: [number, string, string][];
};

export type Evidence = {
  history: History;
  tasks: Map<string, TaskFact>;
  /** by task, in order */
  attempts: Map<string, AttemptFact[]>;
  ledger: Map<string, LedgerLine[]>;
  events: Map<string, EventFact[]>;
  logs: Map<string, Chunk[]>;
  ready: { task_id: string; queue: string; user_id: string; class: string; place: number }[];
  /** tasks with a ready or pending row */
  waiting: Map<string, "ready" | "pending">;
  /** name without prefix → members with scores, of all sets of places */
  sets: Map<string, Map<string, number>>;
  epochIsWhole: boolean;
  /** by event, whether all that came was signed and equal to the body */
  received: Map<string, boolean>;
  counters: { user_id: string; queue: string; status: string; n: number }[];
  /** of each account with events: its endpoint's */
  holders: ReturnType<typeof holdersOf>;
  cgroups: string[];
  spool: string[];
  /** by file */
  programLogs: Map<string, string>;
  redisTexts: string[];
};

const grouped = <T>(rows: readonly T[], key: (row: T) => string): Map<string, T[]> => {
  const groups = new Map<string, T[]>();
  for (const row of rows) {
    const group = groups.get(key(row));
    if (group) group.push(row);
    else groups.set(key(row), [row]);
  }
  return groups;
};

export const readLedger = (cluster: Cluster): LedgerLine[] => {
  const file = join(cluster.programs, "ledger");
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8")
    .trim()
    .split("\n")
    .map((line) => {
      const [kind = "", taskId = "", attempt = "", nonce = "", at = ""] = line.split(" ");
      return { kind, taskId, attempt: Number(attempt), nonce, at: Number(at) };
    });
};

const readSets = async ({ redis }: Cluster): Promise<Evidence["sets"]> => {
  const sets = new Map<string, Map<string, number>>();
  for (const key of await redis.keys(`${PREFIX}*`)) {
    const name = key.slice(PREFIX.length);
    if (!/^(ready|place):/.test(name)) continue;
    const flat = await redis.zrange(key, "0", "-1", "WITHSCORES");
    const members = new Map<string, number>();
    for (let at = 0; at < flat.length; at += 2) members.set(String(flat[at]), Number(flat[at + 1]));
    sets.set(name, members);
  }
  return sets;
};

/** All that Redis holds, as text. */
const readRedisTexts = async ({ redis }: Cluster): Promise<string[]> => {
  const texts: string[] = [];
  for (const key of await redis.keys("*")) {
    texts.push(key);
    const type = await redis.type(key);
    if (type === "string") texts.push((await redis.get(key)) ?? "");
    else if (type === "zset") texts.push(...(await redis.zrange(key, "0", "-1")));
    else if (type === "set") texts.push(...(await redis.smembers(key)));
    else if (type === "hash") texts.push(JSON.stringify(await redis.hgetall(key)));
  }
  return texts;
};

/** Ready rows, and what each set must hold for them. */
export const setsFor = (ready: Evidence["ready"]): Evidence["sets"] => {
  const sets = new Map<string, Map<string, number>>();
  for (const row of ready)
    for (const name of [
      `ready:${encodeURIComponent(row.queue)}|${row.class}`,
      `place:${encodeURIComponent(row.queue)}|${row.user_id}`,
    ]) {
      const members = sets.get(name) ?? new Map<string, number>();
      members.set(row.task_id, row.place);
      sets.set(name, members);
    }
  return sets;
};

export const readReady = (cluster: Cluster): Promise<Evidence["ready"]> => cluster.sql<Evidence["ready"]>`
  SELECT task_id, queue, user_id, class, place::float8 AS place FROM ready_tasks`;

/** @returns a sentence for each difference between the sets and the ready rows; none when they are equal */
export const setDifferences = (sets: Evidence["sets"], ready: Evidence["ready"]): { id: string; what: string }[] => {
  const wanted = setsFor(ready);
  const found: { id: string; what: string }[] = [];
  for (const name of new Set([...wanted.keys(), ...sets.keys()])) {
    const [want, has] = [wanted.get(name) ?? new Map(), sets.get(name) ?? new Map()];
    for (const id of new Set([...want.keys(), ...has.keys()]))
      if (want.get(id) !== has.get(id))
        found.push({
          id,
          what: `is at ${has.get(id) ?? "no place"} in ${name}, and at ${want.get(id) ?? "no place"} in PostgreSQL`,
        });
  }
  return found;
};

/** Whether Redis' sets are equal to the ready rows by now. */
export const areSetsEqual = async (cluster: Cluster): Promise<boolean> =>
  setDifferences(await readSets(cluster), await readReady(cluster)).length === 0;

export const readEvidence = async (
  cluster: Cluster,
  history: History,
  receiver: Receiver,
  secret: string,
): Promise<Evidence> => {
  const { sql } = cluster;
  const tasks = await sql<TaskFact[]>`
    SELECT id, user_id, queue, class, status, attempt, failures, change_no, place::float8 AS place, max_attempts, metadata, result,
      error_message, error_kind, extract(epoch FROM created_at)::float8 * 1000 AS created, extract(epoch FROM started_at)::float8 * 1000 AS started,
      extract(epoch FROM completed_at)::float8 * 1000 AS completed FROM tasks`;
  const attempts = await sql<AttemptFact[]>`
    SELECT task_id, attempt, worker_id, outcome, extract(epoch FROM started_at)::float8 * 1000 AS started,
      extract(epoch FROM ended_at)::float8 * 1000 AS ended FROM task_attempts ORDER BY task_id, attempt`;
  const events = await sql<
    EventFact[]
  >`SELECT id, subject_id, change_no, event, body FROM webhook_events ORDER BY subject_id, change_no`;
  const logs = await sql<
    Chunk[]
  >`SELECT subject_id, first_line, last_line, attempt, lines FROM log_chunks ORDER BY subject_id, first_line`;
  const pending = await sql<{ task_id: string }[]>`SELECT task_id FROM pending_tasks`;
  const ready = await readReady(cluster);
  const counters = await sql<Evidence["counters"]>`
    SELECT user_id, queue, status, sum(n)::int AS n FROM (
      SELECT user_id, queue, status, count AS n FROM task_counts UNION ALL SELECT user_id, queue, status, delta FROM task_count_deltas) c
    GROUP BY user_id, queue, status HAVING sum(n) <> 0`;
  const bodies = new Map(events.map((event) => [event.id, event.body]));
  const received = new Map<string, boolean>();
  for (const one of receiver.received)
    received.set(one.id, (received.get(one.id) ?? true) && isSigned(one, secret) && one.text === bodies.get(one.id));
  const logFolder = join(cluster.options.dataDir, "logs");
  const spool = join(cluster.options.dataDir, "spool");
  return {
    history,
    tasks: new Map(tasks.map((task) => [task.id, task])),
    attempts: grouped(attempts, (one) => one.task_id),
    ledger: grouped(readLedger(cluster), (line) => line.taskId),
    events: grouped(events, (event) => event.subject_id),
    logs: grouped(logs, (chunk) => chunk.subject_id),
    ready,
    waiting: new Map([
      ...ready.map((row) => [row.task_id, "ready"] as const),
      ...pending.map((row) => [row.task_id, "pending"] as const),
    ]),
    sets: await readSets(cluster),
    epochIsWhole: (await cluster.redisWhole(2000)) !== null,
    received,
    counters,
    holders: holdersOf(join(cluster.programs, "locks")),
    cgroups: cgroupsOf(new Set(tasks.map((task) => task.id))),
    spool: existsSync(spool) ? readdirSync(spool) : [],
    programLogs: new Map(
      readdirSync(logFolder)
        .filter((name) => !/^(postgres|redis)\.log/.test(name))
        .map((name) => [name, readFileSync(join(logFolder, name), "utf8")]),
    ),
    redisTexts: await readRedisTexts(cluster),
  };
};
