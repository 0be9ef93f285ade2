// Reading tasks: one, or a page of them.
import { getSql, type SqlLike } from "../platform/db";
import { badField, DomainError } from "../platform/errors";
import { isJsonObject } from "../platform/json-safety";
import { log } from "../platform/log";
import { countTasks, type StatusCounts } from "./counts";
import type { ListInput } from "./input";
import { type Cursor, foundBy, type PageQuery, pageRows, type Sort } from "./page-rows";
import { positionsOf } from "./ready-queue";
import { TASK_STATUSES, type TaskStatus } from "./status";
import { type Task, type TaskRow, toTask } from "./task";
import { type QueueState, waitingReason } from "./waiting-reason";
import { liveWorkers } from "./worker-registry";

/** The columns of a TaskRow; `env` stays out, since it may hold secrets. */
export const taskColumns = (sql: SqlLike) => sql`
  id, user_id, queue, name, config, metadata, tags, priority, place, status, attempt, seq, max_attempts, run_at, timeout_seconds,
  entrypoint, command, resources, class, depends_on, result, error_message, worker_id, cancel_requested_at,
  created_at, started_at, completed_at, updated_at`;

/** Positions of queued tasks, counted in ready_tasks: exact, for where Redis cannot say. */
export const positionsFromPostgres = async (
  rows: { id: string }[],
  sql: SqlLike = getSql(),
): Promise<Map<string, number>> => {
  if (rows.length === 0) return new Map();
  const found = await sql<{ task_id: string; position: number }[]>`
    SELECT r.task_id, (SELECT count(*) FROM ready_tasks b WHERE b.user_id = r.user_id AND b.queue = r.queue AND b.place <= r.place) AS position
    FROM ready_tasks r WHERE r.task_id = ANY(${rows.map((row) => row.id)})`;
  return new Map(found.map((row) => [row.task_id, row.position]));
};

const positions = async (rows: TaskRow[]): Promise<Map<string, number>> => {
  const queued = rows.filter((row) => row.status === "queued");
  if (queued.length === 0) return new Map();
  const known = new Map<string, number>();
  try {
    const ranks = await positionsOf(queued.map((row) => ({ taskId: row.id, queue: row.queue, userId: row.user_id })));
    for (const [index, row] of queued.entries()) {
      const rank = ranks[index];
      if (rank) known.set(row.id, rank);
    }
  } catch (error) {
    log.debug(
      { error: error instanceof Error ? error.message : String(error) },
      "positions were counted in postgresql",
    );
  }
  const unknown = queued.filter((row) => !known.has(row.id));
  for (const [id, position] of await positionsFromPostgres(unknown)) known.set(id, position);
  return known;
};

let queueStates: { byName: Map<string, QueueState>; at: number } | undefined;

/** Paused queues, at most a second old: only for sentences. */
const pausedQueues = async (sql: SqlLike): Promise<Map<string, QueueState>> => {
  if (!queueStates || performance.now() - queueStates.at > 1000) {
    const rows = await sql<QueueState[]>`SELECT name, paused, reason FROM queues WHERE paused`;
    queueStates = { byName: new Map(rows.map((row) => [row.name, row])), at: performance.now() };
  }
  return queueStates.byName;
};

/** Forgets what pausedQueues knows, so that who paused a queue reads it at once. */
export const forgetQueueStates = (): void => {
  queueStates = undefined;
};

const unmetDependencies = async (rows: TaskRow[], sql: SqlLike): Promise<Map<string, string[]>> => {
  const blocked = rows.filter((row) => row.status === "pending" && row.depends_on.length > 0);
  if (blocked.length === 0) return new Map();
  const found = await sql<{ task_id: string; ids: string[] }[]>`
    SELECT d.task_id, array_agg(d.depends_on ORDER BY t.seq) AS ids FROM task_dependencies d JOIN tasks t ON t.id = d.depends_on
    WHERE d.task_id = ANY(${blocked.map((row) => row.id)}) AND t.outcome IS DISTINCT FROM 'completed' GROUP BY d.task_id`;
  return new Map(found.map((row) => [row.task_id, row.ids]));
};

/** Rows as tasks, with the sentence why each waiting one waits. @param sql the transaction that made them, if it is still open */
export const withWaiting = async (
  rows: TaskRow[],
  queuePositions: (number | null)[],
  sql: SqlLike = getSql(),
): Promise<Task[]> => {
  if (!rows.some((row) => row.status === "queued" || row.status === "pending"))
    return rows.map((row) => toTask(row, null, null));
  const [workers, paused, unmet] = await Promise.all([
    liveWorkers(sql),
    pausedQueues(sql),
    unmetDependencies(rows, sql),
  ]);
  const now = new Date();
  return rows.map((row, index) => {
    if (row.status !== "queued" && row.status !== "pending") return toTask(row, null, null);
    const queue = paused.get(row.queue) ?? { name: row.queue, paused: false, reason: null };
    const waiting = {
      status: row.status,
      class: row.class,
      entrypoint: row.entrypoint,
      runAt: row.run_at,
      blockedBy: unmet.get(row.id) ?? [],
    };
    return toTask(
      row,
      row.status === "queued" ? (queuePositions[index] ?? null) : null,
      waitingReason(waiting, queue, workers, now),
    );
  });
};

/** Rows as tasks, with positions. */
export const toTasks = async (rows: TaskRow[]): Promise<Task[]> => {
  const known = await positions(rows);
  return withWaiting(
    rows,
    rows.map((row) => known.get(row.id) ?? null),
  );
};

export const taskNotFound = (id: string): DomainError =>
  new DomainError("TASK_NOT_FOUND", "taskNotFound", { params: { id } });

/** @throws TASK_NOT_FOUND, also for another account's task */
export const getTaskRow = async (userId: string, taskId: string, sql: SqlLike = getSql()): Promise<TaskRow> => {
  const [row] = await sql<
    TaskRow[]
  >`SELECT ${taskColumns(sql)} FROM tasks WHERE id = ${taskId} AND user_id = ${userId}`;
  if (!row) throw taskNotFound(taskId);
  return row;
};

/** @throws TASK_NOT_FOUND, also for another account's task */
export const getTask = async (userId: string, taskId: string): Promise<Task> => {
  const [task] = await toTasks([await getTaskRow(userId, taskId)]);
  if (!task) throw taskNotFound(taskId);
  return task;
};

// ── Pages ─────────────────────────────────────────────────────────────────────────────────────────

export type TaskPage = { tasks: Task[]; total: number; limit: number; offset: number; nextCursor: string | null };

/** `total` is counted exactly up to here where a search filters; from the counters elsewhere. */
const EXACT_TOTAL_LIMIT = 100_000;
const isWhole = (v: unknown): v is number => Number.isSafeInteger(v);
/** PostgreSQL's text of a time, or of one that is not there yet. */
const isTime = (v: unknown): v is string =>
  typeof v === "string" && /^(-?infinity|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d{1,6})?[+-]\d\d(:\d\d){0,2})$/.test(v);
const encodeCursor = (cursor: Cursor): string => Buffer.from(JSON.stringify(cursor)).toString("base64url");

const isPriority = (v: unknown): v is number => isWhole(v) && Math.abs(v) <= 1_000_000;
const isName = (v: unknown): v is string => typeof v === "string" && !v.includes("\u0000");

/** Whether a page that is sorted so may end at this key. */
const isKeyOf: Record<Sort, (v: unknown) => v is string | number> = {
  seq: isWhole,
  place: isWhole,
  priority: isPriority,
  started_at: isTime,
  completed_at: isTime,
  name: isName,
};

/** @throws INVALID_REQUEST for what this server did not give, or gave for another order */
const decodeCursor = (text: string, column: Sort): Cursor => {
  try {
    const cursor: unknown = JSON.parse(Buffer.from(text, "base64url").toString());
    if (isJsonObject(cursor)) {
      const { v, s } = cursor;
      if (isWhole(s) && isKeyOf[column](v)) return { v, s };
    }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw badField("cursor", "cursor");
};

const sortOf = (input: ListInput): { column: Sort; ascending: boolean } => {
  const onlyQueued = input.status?.length ? input.status.every((status) => status === "queued") : false;
  if (input.sort === undefined && onlyQueued) return { column: "place", ascending: input.order !== "desc" };
  const column = input.sort === undefined || input.sort === "created_at" ? "seq" : input.sort;
  return { column, ascending: input.order === "asc" };
};

/**
 * A page of the account's tasks, newest first unless asked otherwise. A cursor goes on behind the last task of its page,
 * whatever was added meanwhile; it wins over `offset`.
 *
 * @throws INVALID_REQUEST for a cursor that this server did not make
 */
export const listTasks = async (userId: string, input: ListInput): Promise<TaskPage> => {
  const sql = getSql();
  const statuses = input.status && input.status.length > 0 ? [...new Set(input.status)] : null;
  const sort = sortOf(input);
  const cursor = input.cursor === undefined ? null : decodeCursor(input.cursor, sort.column);
  const counts = await countTasks(userId, input.queue);
  const query: PageQuery = { userId, input, statuses, counts, ...sort, cursor };
  const [rows, total] = await Promise.all([
    pageRows<TaskRow>(sql, query, taskColumns(sql)),
    isSearch(input) ? countFound(sql, query) : sumOf(counts, statuses ?? TASK_STATUSES),
  ]);
  const page = rows.slice(0, input.limit);
  const last = page.at(-1);
  const nextCursor = rows.length > input.limit && last ? encodeCursor({ v: last.sort_key, s: last.seq }) : null;
  return {
    tasks: await toTasks(page),
    total,
    limit: input.limit,
    offset: cursor ? 0 : input.offset,
    nextCursor,
  };
};

const sumOf = (counts: StatusCounts, statuses: readonly TaskStatus[]): number =>
  statuses.reduce((sum, status) => sum + counts[status], 0);

const isSearch = ({ q, tag, createdAfter, createdBefore }: ListInput): boolean =>
  Boolean(q) || tag !== undefined || createdAfter !== undefined || createdBefore !== undefined;

const countFound = async (sql: SqlLike, query: PageQuery): Promise<number> => {
  const [row] = await sql<{ n: number }[]>`
    SELECT count(*) AS n FROM (SELECT 1 FROM tasks t WHERE ${foundBy(sql, query)} LIMIT ${EXACT_TOTAL_LIMIT}) AS found`;
  return row?.n ?? 0;
};
