// What a run's driver sends while it trains, and how it is read: metrics, log lines, checkpoints.
import { appendLines, type LogLine } from "../logs/append";
import { lastLineOf, type ReadLine, readLines } from "../logs/read";
import { appendPoints } from "../metrics/append";
import { type MetricSeries, readMetrics } from "../metrics/read";
import { getSql, type SqlLike, withRetries } from "../platform/db";
import type { JsonObject } from "../platform/json-safety";
import { publishLive } from "../platform/live";
import { checkMayEditRun, mayRun } from "./access";
import { wrongStatus } from "./edit-runs";
import { isWritable } from "./finish";
import { getRunRow } from "./read-runs";

type Writable = { attempt: number; log_lines: number; unit_id: string; user_id: string };

type Writer = { runId: string; attempt?: number | undefined };

/** Locks a run that its driver may write to, until the transaction is over. */
const writableRun = (sql: SqlLike, userId: string, { runId, attempt }: Writer) => sql`
  SELECT attempt, log_lines, unit_id, user_id FROM runs
  WHERE id = ${runId} AND ${isWritable(sql, attempt)} AND ${mayRun(sql, userId, "edit")} FOR NO KEY UPDATE`;

/**
 * @returns INVALID_QUEUE_STATUS for a run that does not run (nor is "driver lost"), or under another attempt
 * @throws NOT_FOUND; FORBIDDEN for one that the account only sees
 */
const notWritable = async (sql: SqlLike, userId: string, runId: string) => {
  await checkMayEditRun(userId, runId, sql);
  return wrongStatus(runId, (await getRunRow(userId, runId, sql)).status, "running under this attempt");
};

/** @throws NOT_FOUND; INVALID_QUEUE_STATUS */
const lockWritable = async (sql: SqlLike, userId: string, writer: Writer): Promise<Writable> => {
  const [run] = await sql<Writable[]>`${writableRun(sql, userId, writer)}`;
  if (!run) throw await notWritable(sql, userId, writer.runId);
  return run;
};

const epochMs = (timestamp: string | undefined, now: number): number =>
  timestamp === undefined ? now : Date.parse(timestamp);

const tellOutput = (runId: string, { userId, unitId }: Home): void =>
  publishLive([{ kind: "runOutput", userId, unitId, runId }]);

/** Where a run belongs never changes: looked up once for all that its driver sends. */
type Home = { userId: string; unitId: string };
const homes = new Map<string, Home>();
const MAX_HOMES = 10_000;

const homeOf = async (userId: string, runId: string): Promise<Home> => {
  const known = homes.get(runId);
  if (known) return known;
  const row = await getRunRow(userId, runId);
  if (homes.size >= MAX_HOMES) homes.clear();
  const home = { userId: row.user_id, unitId: row.unit_id };
  homes.set(runId, home);
  return home;
};

/**
 * Stores metric points; of the same attempt, key and step the last one stays, so that a call may be repeated.
 * @throws NOT_FOUND; INVALID_QUEUE_STATUS
 */
export const appendRunMetrics = async (
  userId: string,
  input: {
    runId: string;
    attempt?: number | undefined;
    points: { key: string; value: number; step: number; timestamp?: string | undefined }[];
  },
): Promise<{ accepted: number }> => {
  const now = Date.now();
  const sql = getSql();
  const points = input.points.map(({ timestamp, ...point }) => ({ ...point, at: epochMs(timestamp, now) }));
  const isOpen = await withRetries(() => appendPoints(sql, input.runId, writableRun(sql, userId, input), points));
  if (!isOpen) throw await notWritable(sql, userId, input.runId);
  tellOutput(input.runId, await homeOf(userId, input.runId));
  return { accepted: input.points.length };
};

/**
 * Stores log lines behind those that are there.
 *
 * @param input.firstLine number of the first line among this attempt's, from 0: lines that are stored already are left out,
 *   so that a call whose answer was lost may be repeated
 * @throws NOT_FOUND; INVALID_QUEUE_STATUS
 */
export const appendRunLogs = async (
  userId: string,
  input: {
    runId: string;
    attempt?: number | undefined;
    lines: { message: string; stream: "stdout" | "stderr"; timestamp?: string | undefined }[];
    firstLine?: number | undefined;
  },
): Promise<{ accepted: number }> => {
  const now = Date.now();
  const run = await withRetries(() =>
    getSql().begin(async (sql) => {
      const writable = await lockWritable(sql, userId, input);
      const { attempt, log_lines: stored } = writable;
      const known = input.firstLine === undefined ? 0 : Math.max(0, stored - input.firstLine);
      const lines = input.lines
        .slice(known)
        .map(({ message, stream, timestamp }): LogLine => [epochMs(timestamp, now), stream, message]);
      if (lines.length === 0) return writable;
      const firstLine = (await lastLineOf(input.runId, sql)) + 1;
      await appendLines(sql, { subjectId: input.runId, attempt, firstLine, lines }, sql`SELECT 1`);
      await sql`UPDATE runs SET log_lines = log_lines + ${lines.length} WHERE id = ${input.runId}`;
      return writable;
    }),
  );
  tellOutput(input.runId, { userId: run.user_id, unitId: run.unit_id });
  return { accepted: input.lines.length };
};

/** @throws NOT_FOUND */
export const runMetrics = async (
  userId: string,
  input: { runId: string; key?: string | undefined; maxPoints?: number | undefined },
): Promise<{ runId: string; metrics: MetricSeries }> => {
  const { runId, key, maxPoints } = input;
  await getRunRow(userId, runId);
  const metrics = await readMetrics(runId, {
    ...(key !== undefined && { key }),
    ...(maxPoints !== undefined && { maxPoints }),
  });
  return { runId, metrics };
};

/** Lines in order, numbered over all attempts: from the start or behind `after`, at most `limit`; or the last `lines` ones. @throws NOT_FOUND */
export const runLogs = async (
  userId: string,
  input: {
    runId: string;
    after?: number | undefined;
    limit: number;
    lines?: number | undefined;
    attempt?: number | undefined;
  },
): Promise<{ runId: string; logs: ReadLine[] }> => {
  const { runId, after, limit, lines, attempt } = input;
  await getRunRow(userId, runId);
  const logs = await readLines({
    subjectId: runId,
    limit,
    ...(after !== undefined && { after }),
    ...(lines !== undefined && { lastLines: lines }),
    ...(attempt !== undefined && { attempt }),
  });
  return { runId, logs };
};

export type Checkpoint = {
  attempt: number;
  step: number | null;
  uri: string | null;
  state: JsonObject;
  savedAt: string;
};

/** Keeps the run's newest checkpoint; it outlives the attempt. @throws NOT_FOUND; INVALID_QUEUE_STATUS */
export const saveCheckpoint = async (
  userId: string,
  input: {
    runId: string;
    attempt?: number | undefined;
    state: JsonObject;
    step?: number | undefined;
    uri?: string | undefined;
  },
): Promise<void> => {
  await withRetries(() =>
    getSql().begin(async (sql) => {
      const { attempt } = await lockWritable(sql, userId, input);
      await sql`
        INSERT INTO run_checkpoints (run_id, attempt, step, uri, state)
        VALUES (${input.runId}, ${attempt}, ${input.step ?? null}, ${input.uri ?? null}, ${sql.json(input.state as never)})
        ON CONFLICT (run_id) DO UPDATE SET attempt = excluded.attempt, step = excluded.step, uri = excluded.uri, state = excluded.state, saved_at = now()`;
    }),
  );
};

/** What a new attempt resumes from; null when nothing was saved. @throws NOT_FOUND */
export const readCheckpoint = async (
  userId: string,
  input: { runId: string },
): Promise<{ checkpoint: Checkpoint | null }> => {
  await getRunRow(userId, input.runId);
  const [row] = await getSql()<
    { attempt: number; step: number | null; uri: string | null; state: JsonObject; saved_at: Date }[]
  >`SELECT attempt, step, uri, state, saved_at FROM run_checkpoints WHERE run_id = ${input.runId}`;
  if (!row) return { checkpoint: null };
  const { attempt, step, uri, state, saved_at: savedAt } = row;
  return { checkpoint: { attempt, step, uri, state, savedAt: savedAt.toISOString() } };
};
