// One page of an account's tasks as SQL. No index knows `status` (see src/README.md), so each status is a branch of its own that
// starts from the index or the table that holds its tasks in order; the page is the best of what the branches found.
import type postgres from "postgres";
import type { SqlLike } from "../platform/db";
import { countByQueue, type StatusCounts } from "./counts";
import type { ListInput } from "./input";
import type { TaskStatus } from "./status";

type Fragment = postgres.PendingQuery<postgres.Row[]>;

export type Sort = "seq" | "place" | "priority" | "started_at" | "completed_at" | "name";

/** Where a page ends: the sort key and the seq of its last task. */
export type Cursor = { v: string | number; s: number };

export type PageQuery = {
  userId: string;
  input: ListInput;
  statuses: TaskStatus[] | null;
  counts: StatusCounts;
  column: Sort;
  ascending: boolean;
  cursor: Cursor | null;
};

/** Of an active status up to this many tasks are sorted after the fact; more are found by walking the newest first. */
const FEW = 5000;

const ENDED: readonly TaskStatus[] = ["completed", "failed", "cancelled"];
const ACTIVE: readonly TaskStatus[] = ["pending", "queued", "running"];
const isEnded = (status: TaskStatus): boolean => ENDED.includes(status);

const likePattern = (text: string) => `%${text.replace(/[\\%_]/g, (char) => `\\${char}`)}%`;

const allOf = (sql: SqlLike, parts: Fragment[]): Fragment => parts.reduce((all, one) => sql`${all} AND ${one}`);

/** What was asked for besides statuses. */
const filtersOf = (sql: SqlLike, userId: string, input: ListInput): Fragment => {
  const filters = [sql`t.user_id = ${userId}`];
  if (input.queue !== undefined) filters.push(sql`t.queue = ${input.queue}`);
  if (input.q) filters.push(sql`t.name ILIKE ${likePattern(input.q)}`);
  if (input.tag !== undefined) filters.push(sql`${input.tag} = ANY(t.tags)`);
  if (input.createdAfter !== undefined) filters.push(sql`t.created_at > ${input.createdAfter}::timestamptz`);
  if (input.createdBefore !== undefined) filters.push(sql`t.created_at < ${input.createdBefore}::timestamptz`);
  return allOf(sql, filters);
};

/** For counting what a search finds. */
export const foundBy = (sql: SqlLike, { userId, input, statuses }: PageQuery): Fragment => {
  const filters = filtersOf(sql, userId, input);
  if (statuses === null) return filters;
  const inStatus = statuses.every(isEnded) ? sql`t.outcome = ANY(${statuses})` : sql`t.status = ANY(${statuses})`;
  return sql`${filters} AND ${inStatus}`;
};

const keyOf = (sql: SqlLike, column: Sort): Fragment =>
  column === "name" ? sql`t.name COLLATE "C"` : sql`t.${sql(column)}`;

const comesLast = (sql: SqlLike, ascending: boolean): Fragment =>
  ascending ? sql`'infinity'::timestamptz` : sql`'-infinity'::timestamptz`;

/** The key of tasks in a status, or of all (null). A task that has no start or end yet comes last in either direction. */
const keyIn = (sql: SqlLike, { column, ascending }: PageQuery, status: TaskStatus | null): Fragment => {
  const key = keyOf(sql, column);
  if (column !== "started_at" && column !== "completed_at") return key;
  const last = comesLast(sql, ascending);
  // Bare, or as a constant, where that is enough: then an index has the order.
  if (status !== null && column === "completed_at") return isEnded(status) ? key : last;
  if (status === "pending" || status === "queued") return last;
  return sql`coalesce(${key}, ${last})`;
};

const cursorValue = (sql: SqlLike, column: Sort, { v }: Cursor): Fragment => {
  const text = sql`${String(v)}::text`;
  return {
    seq: sql`${text}::int8`,
    place: sql`${text}::int8`,
    priority: sql`${text}::int`,
    started_at: sql`${text}::timestamptz`,
    completed_at: sql`${text}::timestamptz`,
    name: text,
  }[column];
};

/** Behind the cursor. The key is compared twice, so that an index can start there. */
const behind = (sql: SqlLike, { column, ascending, cursor }: PageQuery, key: Fragment): Fragment => {
  if (!cursor) return sql``;
  const value = cursorValue(sql, column, cursor);
  if (column === "seq" || column === "place")
    return ascending ? sql`AND ${key} > ${value}` : sql`AND ${key} < ${value}`;
  return ascending
    ? sql`AND ${key} >= ${value} AND (${key} > ${value} OR t.seq < ${cursor.s})`
    : sql`AND ${key} <= ${value} AND (${key} < ${value} OR t.seq < ${cursor.s})`;
};

/**
 * Tasks that a condition names, in order, as many as the page may need.
 * @param indexed the key as an index has it, where that is NULL for all of them
 */
const branch = (
  sql: SqlLike,
  query: PageQuery,
  rows: number,
  condition: Fragment,
  key: Fragment,
  indexed = key,
): Fragment => sql`
  (SELECT t.*, ${key} AS sort_key FROM tasks t WHERE ${filtersOf(sql, query.userId, query.input)} AND ${condition} ${behind(sql, query, key)}
  ORDER BY ${indexed} ${query.ascending ? sql`ASC` : sql`DESC`} ${bySeq(sql, query.column, sql`t.seq`)} LIMIT ${rows})`;

const bySeq = (sql: SqlLike, column: Sort, seq: Fragment): Fragment =>
  column === "place" || column === "seq" ? sql`` : sql`, ${seq} DESC`;

const queuesWithQueued = async (userId: string): Promise<string[]> =>
  [...(await countByQueue(userId))].flatMap(([queue, counts]) => (counts.queued > 0 ? [queue] : []));

/** Queued tasks in the order in which they will run: each queue's next ones, from the index of their places. */
const inOrderOfPlaces = (sql: SqlLike, query: PageQuery, rows: number, queues: string[]): Fragment => {
  const { userId, input, ascending } = query;
  const key = sql`r.place`;
  return sql`
    (SELECT next.* FROM unnest(${queues}::text[]) AS q(queue) CROSS JOIN LATERAL (
      SELECT t.*, ${key} AS sort_key FROM ready_tasks r JOIN tasks t ON t.id = r.task_id
      WHERE r.user_id = ${userId} AND r.queue = q.queue AND ${filtersOf(sql, userId, input)} ${behind(sql, query, key)}
      ORDER BY ${key} ${ascending ? sql`ASC` : sql`DESC`} LIMIT ${rows}) AS next)`;
};

const whereActive = (sql: SqlLike, userId: string, status: TaskStatus, counts: StatusCounts): Fragment => {
  if (counts[status] > FEW) return sql`t.status = ${status}`;
  if (status === "queued")
    return sql`t.id IN (SELECT task_id FROM ready_tasks WHERE user_id = ${userId}) AND t.status = 'queued'`;
  if (status === "pending")
    return sql`t.id IN (SELECT task_id FROM pending_tasks WHERE user_id = ${userId}) AND t.status = 'pending'`;
  return sql`t.id IN (SELECT task_id FROM task_attempts WHERE ended_at IS NULL) AND t.status = 'running'`;
};

/** Ended tasks by their start, from an index of its own; those that never started come last. */
const byStart = (sql: SqlLike, query: PageQuery, rows: number): Fragment[] => {
  const start = sql`t.ended_started_at`;
  const isEnded = sql`t.completed_at IS NOT NULL`;
  return [
    branch(sql, query, rows, sql`${isEnded} AND ${start} IS NOT NULL`, start),
    branch(sql, query, rows, sql`${isEnded} AND ${start} IS NULL`, comesLast(sql, query.ascending), start),
  ];
};

const branchesOf = (sql: SqlLike, query: PageQuery, rows: number): Fragment[] => {
  const { userId, counts, column } = query;
  const isByTime = column === "started_at" || column === "completed_at";
  if (query.statuses === null && !isByTime) return [branch(sql, query, rows, sql`true`, keyIn(sql, query, null))];
  const statuses = (query.statuses ?? [...ENDED, ...ACTIVE]).filter((status) => counts[status] > 0);
  const ofStatus = (status: TaskStatus, condition: Fragment) =>
    branch(sql, query, rows, condition, keyIn(sql, query, status));
  const ended = statuses.filter(isEnded);
  const areAllEnded = ENDED.every((status) => counts[status] === 0 || ended.includes(status));
  const [anEnded] = ended;
  const endedBranches =
    isByTime && areAllEnded && anEnded
      ? column === "started_at"
        ? byStart(sql, query, rows)
        : [ofStatus(anEnded, sql`t.completed_at IS NOT NULL`)]
      : ended.map((status) => ofStatus(status, sql`t.outcome = ${status} AND t.completed_at IS NOT NULL`));
  const active = statuses.filter((status) => !isEnded(status));
  return [...endedBranches, ...active.map((status) => ofStatus(status, whereActive(sql, userId, status, counts)))];
};

/**
 * The rows of a page and one more, if there is one.
 * @param columns those of a task that are wanted; `sort_key` comes with them, times as text
 */
export const pageRows = async <Row>(
  sql: SqlLike,
  query: PageQuery,
  columns: Fragment,
): Promise<(Row & { sort_key: string | number; seq: number })[]> => {
  const { input, column, ascending, cursor } = query;
  const offset = cursor ? 0 : input.offset;
  const needed = offset + input.limit + 1;
  const branches =
    column === "place"
      ? [inOrderOfPlaces(sql, query, needed, input.queue ? [input.queue] : await queuesWithQueued(query.userId))]
      : branchesOf(sql, query, needed);
  const [head, ...rest] = branches;
  if (!head) return [];
  const isTime = column === "started_at" || column === "completed_at";
  return sql<(Row & { sort_key: string | number; seq: number })[]>`
    SELECT ${columns}, ${isTime ? sql`found.sort_key::text` : sql`found.sort_key`} AS sort_key
    FROM (${rest.reduce((all, one) => sql`${all} UNION ALL ${one}`, head)}) AS found
    ORDER BY found.sort_key ${ascending ? sql`ASC` : sql`DESC`} ${bySeq(sql, column, sql`found.seq`)} LIMIT ${input.limit + 1} OFFSET ${offset}`;
};
