// From a request to a task in its place: INSERT task and ready row, commit, then one script to Redis.

import type postgres from "postgres";
import { recordActivity } from "../activity/record";
import { coalesce } from "../platform/coalesce";
import { getSql, type SqlLike } from "../platform/db";
import { getEnv } from "../platform/env";
import { badField, DomainError } from "../platform/errors";
import { publishLive } from "../platform/live";
import { log } from "../platform/log";
import { refusalOfText } from "../webhooks/address-guard";
import { countTasks } from "./counts";
import { checkPrograms } from "./entrypoints";
import type { NewTask } from "./input";
import { positionsFromPostgres, taskColumns, withWaiting } from "./list";
import { type NewRow, newRows, toRow } from "./new-rows";
import { releaseDependents } from "./promote";
import { addManyReady, addReady } from "./ready-queue";
import type { Task, TaskRow } from "./task";
import { changedColumns, recordCreated } from "./transition";

type Insert = { userId: string; tasks: NewTask[]; single: boolean };
type Fragment = postgres.PendingQuery<postgres.Row[]>;

/**
 * Inserts tasks, their ready or pending rows and their counts in one statement.
 *
 * Turns are taken in the order of the rows, so equal priorities run in order of creation.
 * `place` is placeOf() of place.ts in SQL. Dependencies are looked at only where there are some.
 *
 * @param kept   columns of the new rows, as the answer needs them
 * @param answer what is selected FROM t
 */
const insertStatement = <Row extends object>(
  sql: SqlLike,
  rows: NewRow[],
  kept: Fragment,
  answer: Fragment,
): postgres.PendingQuery<Row[]> => {
  const given = sql`SELECT *, nextval('task_turns') AS turn FROM ${newRows(sql, rows)}`;
  const waits = rows.some((row) => row.depends_on.length > 0);
  const from = waits ? sql`given g LEFT JOIN blocked b ON b.id = g.id` : sql`(${given}) g`;
  const isPending = waits ? sql`(run_at > now() OR b.id IS NOT NULL)` : sql`run_at > now()`;
  return sql<Row[]>`
  WITH ${
    waits
      ? sql`given AS (${given}), blocked AS (
    SELECT g.id FROM given g WHERE EXISTS (
      SELECT 1 FROM unnest(g.depends_on) AS d(id) JOIN tasks t ON t.id = d.id WHERE t.outcome IS DISTINCT FROM 'completed')
  ), dependencies AS (
    INSERT INTO task_dependencies (task_id, depends_on) SELECT id, unnest(depends_on) FROM given
  ),`
      : sql``
  } t AS (
    INSERT INTO tasks (id, user_id, queue, name, config, metadata, tags, priority, place, status, seq, max_attempts, run_at,
      timeout_seconds, entrypoint, command, env, resources, class, depends_on, webhook_url, queued_at)
    SELECT g.id, user_id, queue, name, config, metadata, tags, priority, (1000000 - priority) * 4294967296 + turn,
      CASE WHEN ${isPending} THEN 'pending' ELSE 'queued' END, turn, max_attempts, run_at,
      timeout_seconds, entrypoint, command, env, resources, class, depends_on, webhook_url,
      CASE WHEN ${isPending} THEN NULL ELSE now() END
    FROM ${from}
    RETURNING ${kept}
  ), ready AS (
    INSERT INTO ready_tasks (task_id, queue, user_id, class, place)
    SELECT id, queue, user_id, class, place FROM t WHERE status = 'queued'
  ), pending AS (
    INSERT INTO pending_tasks (task_id, user_id, queue, run_at, blocked)
    SELECT id, user_id, queue, run_at, ${waits ? sql`id IN (SELECT id FROM blocked)` : sql`false`} FROM t WHERE status = 'pending'
  ), ${recordCreated(sql)}
  SELECT ${answer}`;
};

/** @returns the new tasks as they are read, in the order given */
const insertRows = (sql: SqlLike, rows: NewRow[]) =>
  insertStatement<TaskRow>(sql, rows, sql`*`, sql`${taskColumns(sql)} FROM t ORDER BY seq`);

/** What is needed to put a task in its place. */
type PlacedRow = Pick<TaskRow, "id" | "queue" | "user_id" | "class" | "place" | "status" | "depends_on">;

/** So many rows go in one statement: while PostgreSQL works on it, the next one is written here. */
const SLICE = 1000;

/**
 * As insertRows, for batches: what was given need not come back, only places and what is pending.
 * Called in a transaction, since many rows are several statements.
 */
const insertMany = async (sql: SqlLike, rows: NewRow[]): Promise<PlacedRow[]> => {
  const kept = sql`${changedColumns(sql)}, seq, run_at`;
  const answer = sql`string_agg(place::text, ',' ORDER BY seq) AS places,
    string_agg(CASE status WHEN 'pending' THEN 'p' ELSE 'q' END, '' ORDER BY seq) AS states FROM t`;
  const underWay: Promise<PlacedRow[]>[] = [];
  for (let from = 0; from < rows.length; from += SLICE) {
    const slice = rows.slice(from, from + SLICE);
    const inserted = insertStatement<{ places: string; states: string }>(sql, slice, kept, answer).then(([answer]) => {
      const places = answer?.places.split(",") ?? [];
      return slice.map((row, index): PlacedRow => {
        const { id, queue, user_id, depends_on } = row;
        const status = answer?.states[index] === "p" ? "pending" : "queued";
        return { id, queue, user_id, class: row.class, depends_on, place: Number(places[index]), status };
      });
    });
    // Heard below; a statement may fail before that.
    inserted.catch(() => {});
    underWay.push(inserted);
    // So that it is sent before the next one is made.
    if (from + SLICE < rows.length) await new Promise((sent) => setImmediate(sent));
  }
  return (await Promise.all(underWay)).flat();
};

/**
 * Locks the named dependencies against ending until the transaction is over, so that none ends unseen.
 * @throws INVALID_REQUEST for a task that is unknown or another account's
 */
const lockDependencies = async (
  sql: SqlLike,
  userId: string,
  tasks: NewTask[],
  pathOf: (index: number, field: string) => string,
) => {
  const ids = [...new Set(tasks.flatMap((task) => task.dependsOn))].sort();
  if (ids.length === 0) return;
  const found = await sql<
    { id: string }[]
  >`SELECT id FROM tasks WHERE id = ANY(${ids}) AND user_id = ${userId} ORDER BY id FOR SHARE`;
  const known = new Set(found.map((row) => row.id));
  for (const [index, task] of tasks.entries())
    for (const [at, id] of task.dependsOn.entries())
      if (!known.has(id)) throw badField(`${pathOf(index, "depends_on")}[${at}]`, "noTask", { id });
};

// ── Capacity: QUEUE_MAX_SIZE counts queued and pending tasks per account and queue name ─────────────

type Fill = { count: number; at: number };
const fills = new Map<string, Fill>();
const FILL_FOR_MS = 500;

const queueFull = (queue: string, count: number) =>
  new DomainError("QUEUE_FULL", "queueFull", {
    params: { queue, count, max: getEnv().QUEUE_MAX_SIZE },
    retryAfterSeconds: 30,
  });

/**
 * Whether the queue may be so near its limit that it must be counted under a lock.
 * Half a second old at most; 1,000 tasks of room cover what other servers add meanwhile.
 * Inside a transaction it asks on that connection: as many transactions as the pool has connections, each waiting for
 * one more, would wait for ever.
 */
const isNearFull = async (userId: string, queue: string, adding: number, sql: SqlLike = getSql()): Promise<boolean> => {
  const max = getEnv().QUEUE_MAX_SIZE;
  const key = `${userId}|${queue}`;
  let fill = fills.get(key);
  if (!fill || performance.now() - fill.at > FILL_FOR_MS) {
    if (fills.size > 10_000) fills.clear();
    const counts = await countTasks(userId, queue, sql);
    fill = { count: counts.queued + counts.pending, at: performance.now() };
    fills.set(key, fill);
  }
  fill.count += adding;
  return fill.count > max - 1000;
};

const perQueue = (tasks: NewTask[]): Map<string, number> => {
  const adding = new Map<string, number>();
  for (const task of tasks) adding.set(task.queue, (adding.get(task.queue) ?? 0) + 1);
  return adding;
};

/** Counts exactly, one creator at a time. @throws QUEUE_FULL */
const checkRoom = async (sql: SqlLike, userId: string, tasks: NewTask[]): Promise<void> => {
  for (const [queue, adding] of [...perQueue(tasks)].sort()) {
    if (!(await isNearFull(userId, queue, adding, sql))) continue;
    await sql`SELECT pg_advisory_xact_lock(7110011, hashtext(${`${userId}|${queue}`}))`;
    const [row] = await sql<{ count: number }[]>`
      SELECT (SELECT count(*) FROM ready_tasks WHERE user_id = ${userId} AND queue = ${queue})
           + (SELECT count(*) FROM pending_tasks WHERE user_id = ${userId} AND queue = ${queue}) AS count`;
    const count = row?.count ?? 0;
    if (count + adding > getEnv().QUEUE_MAX_SIZE) throw queueFull(queue, count);
  }
};

// ── After the commit ───────────────────────────────────────────────────────────────────────────────

/**
 * Puts committed tasks in their places and tells the pages.
 * @param isAnswered whether the answer names positions
 * @returns positions; null where Redis could not say or was not asked
 */
const announceRows = async (rows: PlacedRow[], isAnswered: boolean): Promise<(number | null)[]> => {
  const queued = rows.filter((row) => row.status === "queued");
  let positions: (number | null)[] = queued.map(() => null);
  try {
    const entries = queued.map((row) => ({
      taskId: row.id,
      queue: row.queue,
      userId: row.user_id,
      class: row.class,
      place: row.place,
    }));
    if (isAnswered) positions = await addReady(entries);
    else await addManyReady(entries);
  } catch (error) {
    // The tasks are safe in PostgreSQL; reconcile.ts adds them within a second of Redis' return.
    log.warn(
      { error: error instanceof Error ? error.message : String(error), count: queued.length },
      "new tasks were not yet put in redis",
    );
  }
  publishLive(
    rows.length <= 20
      ? rows.map((row) => ({ kind: "task" as const, userId: row.user_id, taskId: row.id, status: row.status }))
      : [...new Set(rows.map((row) => row.user_id))].map((userId) => ({ kind: "tasks" as const, userId })),
  );
  // One that waits for a task which failed long ago fails at once, not at the next sweep.
  if (rows.some((row) => row.status === "pending" && row.depends_on.length > 0)) await releaseDependents();
  const byId = new Map(queued.map((row, index) => [row.id, positions[index] ?? null]));
  return rows.map((row) => byId.get(row.id) ?? null);
};

const toTasks = async (rows: TaskRow[], positions: (number | null)[]): Promise<Task[]> => {
  const unknown = rows.filter((row, index) => row.status === "queued" && positions[index] === null);
  const counted = unknown.length > 0 ? await positionsFromPostgres(unknown) : new Map<string, number>();
  return withWaiting(
    rows,
    rows.map((row, index) => positions[index] ?? counted.get(row.id) ?? null),
  );
};

/** What can be said without locks. A name in a `webhook_url` is looked up when it is sent to, for each connection. */
const checkTasks = async (tasks: NewTask[], pathOf: ReturnType<typeof pathFor>, sql?: SqlLike): Promise<void> => {
  for (const [index, { webhookUrl }] of tasks.entries()) {
    const refusal = webhookUrl === undefined ? null : refusalOfText(webhookUrl);
    if (refusal !== null) throw badField(pathOf(index, "webhook_url"), refusal);
  }
  await checkPrograms(tasks, pathOf, sql);
};

const pathFor = (single: boolean) => (index: number, field: string) => (single ? field : `tasks[${index}].${field}`);

/** Checks what needs locks, in the caller's transaction. @returns the rows to insert there */
const checkedRows = async (sql: SqlLike, { userId, tasks, single }: Insert): Promise<NewRow[]> => {
  await checkRoom(sql, userId, tasks);
  await lockDependencies(sql, userId, tasks, pathFor(single));
  return tasks.map((task) => toRow(userId, task));
};

/**
 * Creates tasks inside the caller's transaction, for answers that are kept with it (Idempotency-Key).
 * @returns the tasks with positions from PostgreSQL, and what to do once the transaction is committed
 */
export const insertTasks = async (
  sql: SqlLike,
  userId: string,
  tasks: NewTask[],
  single = false,
): Promise<{ tasks: Task[]; announce: () => Promise<void> }> => {
  await checkTasks(tasks, pathFor(single), sql);
  if (tasks.length === 0) return { tasks: [], announce: async () => {} };
  const rows = await insertRows(sql, await checkedRows(sql, { userId, tasks, single }));
  if (!single) await recordActivity(sql, userId, { verb: "task.created", count: rows.length });
  const positions = single
    ? await positionsFromPostgres(
        rows.filter((row) => row.status === "queued"),
        sql,
      )
    : new Map<string, number>();
  return {
    tasks: await withWaiting(
      rows,
      rows.map((row) => positions.get(row.id) ?? null),
      sql,
    ),
    announce: async () => {
      await announceRows(rows, false);
    },
  };
};

/**
 * Creates tasks, all or none.
 * @returns their ids, in the order given
 * @throws QUEUE_FULL; INVALID_REQUEST for an unknown entrypoint or dependency; FORBIDDEN for a command while commands are off
 */
export const createTasks = async (userId: string, tasks: NewTask[]): Promise<string[]> => {
  await checkTasks(tasks, pathFor(false));
  if (tasks.length === 0) return [];
  const rows = await getSql().begin(async (sql) => {
    const made = await insertMany(sql, await checkedRows(sql, { userId, tasks, single: false }));
    await recordActivity(sql, userId, { verb: "task.created", count: made.length });
    return made;
  });
  await announceRows(rows, false);
  return rows.map((row) => row.id);
};

/**
 * Creates one task. Those that arrive while a statement is under way go together into the next one:
 * one INSERT and one script for all of them.
 *
 * @throws as createTasks
 */
export const createTask = async (userId: string, task: NewTask): Promise<Task> => {
  await checkTasks([task], pathFor(true));
  // A task that must be counted or that locks others needs a transaction of its own.
  if (task.dependsOn.length > 0 || (await isNearFull(userId, task.queue, 1))) {
    const rows = await getSql().begin(async (sql) =>
      insertRows(sql, await checkedRows(sql, { userId, tasks: [task], single: true })),
    );
    return first(await toTasks(rows, await announceRows(rows, true)));
  }
  const { task: created } = await insertTogether(toRow(userId, task));
  return created;
};

const first = <T>(list: (T | undefined)[]): T => {
  const [head] = list;
  if (head === undefined) throw new Error("The insert returned no row.");
  return head;
};

/** The rows are inserted together, one statement for all; positions and hints come after the commit, while the next rows go in. */
const insertTogether = coalesce<NewRow, { task: Promise<Task> }>(
  async (rows) => {
    const inserted = await insertRows(getSql(), rows);
    const announced = announceRows(inserted, true)
      .then((positions) => toTasks(inserted, positions))
      .then((tasks) => new Map(tasks.map((task) => [task.taskId, task])));
    return rows.map((row) => ({ task: announced.then((tasks) => first([tasks.get(row.id)])) }));
  },
  // Two statements at once keep PostgreSQL busy while the other one's answer is handled.
  { maxUnderWay: 2, maxItems: 200 },
);
