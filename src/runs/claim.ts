// A driver takes the next run, or a given one.
import type postgres from "postgres";
import { coalesce } from "../platform/coalesce";
import { getSql, inOneTrip, type SqlLike, withRetries } from "../platform/db";
import { publishLive } from "../platform/live";
import { claims as claimed, runWait } from "../platform/prometheus";
import { mayUnit, unitRefusal } from "./access";
import { wrongStatus } from "./edit-runs";
import { getRunRow } from "./read-runs";
import { type Run, type RunRow, runColumns, toRun } from "./run";
import { changedColumns, recordMoves, withEvents } from "./transition";
import { lockUnit, unitLock } from "./unit-lock";
import { CONNECTED_SECONDS } from "./units";
import { RUN_CONDITIONS, UNIT_CONDITIONS } from "./why-waiting";

type Fragment = postgres.PendingQuery<postgres.Row[]>;

/** What a start writes: a new attempt, with nothing left of the one before. */
const startOf = (sql: SqlLike, driverId: Fragment, claimKey: Fragment) => sql`
  status = 'running', change_no = change_no + 1, attempt = attempt + 1, driver_id = ${driverId}, claim_key = ${claimKey}, started_at = now(), completed_at = NULL,
  cancelled_at = NULL, result = NULL, metrics = NULL, error_message = NULL, error_kind = NULL, end_hash = NULL, progress_done = NULL,
  progress_total = NULL, log_lines = 0, last_named_at = now(), updated_at = now(),
  watched = EXISTS (SELECT 1 FROM unit_presence p WHERE p.unit_id = runs.unit_id AND p.last_heartbeat_at >= now() - make_interval(secs => ${CONNECTED_SECONDS}))`;

/** For a WHERE: the runs that may be claimed. The page tells why others wait from the same conditions. */
const isClaimable = (sql: SqlLike) => sql`${sql.unsafe(RUN_CONDITIONS)} AND deleted_at IS NULL`;

export type Claim = { unitId: string; driverId?: string | undefined; claimKey?: string | undefined };

/** Claims of several drivers of one unit. A key that comes twice at once is one claim. */
const statementsOf = (sql: SqlLike, userId: string, claims: [Claim, ...Claim[]]) => {
  const { unitId } = claims[0];
  const keys = claims.flatMap((claim) => claim.claimKey ?? []);
  const asking = claims.filter(
    ({ claimKey }, index) =>
      claimKey === undefined || claims.findIndex((other) => other.claimKey === claimKey) === index,
  );
  return [
    unitLock(sql, userId, unitId),
    keys.length === 0 ? [] : claimedUnder(sql, unitId, keys),
    take(sql, userId, unitId, asking),
  ] as const satisfies unknown[];
};

type Answers = readonly [{ version: number }[], Keyed[], Keyed[]];
type Keyed = RunRow & { claim_key: string | null };

/** How long a run waited that was tried before is not known: it may have been taken back, or have failed, at any time. */
const count = (taken: RunRow[]): void => {
  claimed.inc({ kind: "run" }, taken.length);
  for (const { attempt, started_at: at, created_at: since } of taken)
    if (attempt === 1 && at !== null) runWait.observe({ kind: "run" }, (at.getTime() - since.getTime()) / 1000);
};

/** For the answers of a unit that was found, and may be changed. */
const toRuns = (claims: [Claim, ...Claim[]], [, known, taken]: Answers): (Run | null)[] => {
  const byKey = new Map(
    [...known, ...taken].flatMap((row) => (row.claim_key === null ? [] : [[row.claim_key, toRun(row)]])),
  );
  const others = taken.filter((row) => row.claim_key === null).map(toRun);
  return claims.map(({ claimKey }) => (claimKey === undefined ? others.shift() : byKey.get(claimKey)) ?? null);
};

/**
 * Claims in the caller's transaction: the lowest places, in the order of the claims.
 * @returns one answer per claim; null when nothing may be claimed any more
 * @throws NOT_FOUND for the unit; FORBIDDEN for one that the account only sees
 */
export const claimIn = async (sql: SqlLike, userId: string, claims: [Claim, ...Claim[]]): Promise<(Run | null)[]> => {
  const answers: Answers = await Promise.all(statementsOf(sql, userId, claims));
  if (answers[0].length === 0) throw await unitRefusal(userId, claims[0].unitId, sql);
  count(answers[2]);
  return toRuns(claims, answers);
};

const claimsInOneTrip = async (userId: string, claims: [Claim, ...Claim[]]): Promise<(Run | null)[]> => {
  const answers = await inOneTrip<Answers>((sql) => statementsOf(sql, userId, claims));
  if (answers[0].length === 0) throw await unitRefusal(userId, claims[0].unitId);
  count(answers[2]);
  return toRuns(claims, answers);
};

const isClaimedUnder = (sql: SqlLike, unitId: string, keys: string[]) => sql`
  unit_id = ${unitId} AND claim_key = ANY(${keys}) AND status = 'running' AND deleted_at IS NULL`;

const claimedUnder = (sql: SqlLike, unitId: string, keys: string[]) => sql<Keyed[]>`
  SELECT ${runColumns(sql)}, runs.claim_key FROM runs WHERE ${isClaimedUnder(sql, unitId, keys)}`;

/** Under the unit's lock. A key that has a run already takes no other. */
const take = (sql: SqlLike, userId: string, unitId: string, claims: Claim[]) => {
  const given = claims.map(({ driverId, claimKey }) => ({ driver_id: driverId ?? null, claim_key: claimKey ?? null }));
  const keys = claims.flatMap((claim) => claim.claimKey ?? []);
  return sql<Keyed[]>`
    WITH asking AS (
      SELECT driver_id, claim_key, row_number() OVER (ORDER BY given) AS nth
      FROM ROWS FROM (jsonb_to_recordset(${JSON.stringify(given)}::text::jsonb) AS (driver_id text, claim_key text)) WITH ORDINALITY
        AS g(driver_id, claim_key, given)
      WHERE claim_key IS NULL OR claim_key NOT IN (SELECT claim_key FROM runs WHERE ${isClaimedUnder(sql, unitId, keys)})
    ), next AS (
      SELECT id, row_number() OVER (ORDER BY place) AS nth FROM (
        SELECT id, place FROM runs
        WHERE unit_id = ${unitId} AND ${isClaimable(sql)} AND EXISTS (
          SELECT 1 FROM units u WHERE u.id = ${unitId} AND u.deleted_at IS NULL AND ${sql.unsafe(UNIT_CONDITIONS)} AND ${mayUnit(sql, userId, "edit")})
        ORDER BY place LIMIT ${claims.length}) AS heads
    ), t AS (
      UPDATE runs SET ${startOf(sql, sql`asking.driver_id`, sql`asking.claim_key`)}
      FROM next JOIN asking USING (nth) WHERE runs.id = next.id RETURNING ${changedColumns(sql)}, runs.claim_key, nth
    ), ${recordMoves(sql)}
    SELECT * FROM t ORDER BY nth`;
};

/** One per unit: claims that come while a transaction is under way go together into the next one, since its lock is what they wait for. */
const gatherers = new Map<string, (claim: Claim) => Promise<Run | null>>();
const MAX_GATHERERS = 10_000;

const gathererOf = (userId: string, unitId: string): ((claim: Claim) => Promise<Run | null>) => {
  const key = `${userId} ${unitId}`;
  const known = gatherers.get(key);
  if (known) return known;
  // Those that work just now go on by themselves.
  if (gatherers.size >= MAX_GATHERERS) gatherers.clear();
  const made = coalesce<Claim, Run | null>(
    (claims) => withRetries(() => claimsInOneTrip(userId, claims as [Claim, ...Claim[]])),
    { maxUnderWay: 1, maxItems: 100 },
  );
  gatherers.set(key, made);
  return made;
};

/**
 * The next pending run, set running. No two drivers ever get the same one: the unit's lock orders them, so `null` means that
 * there is none (with SKIP LOCKED it could also mean that a reorder held them).
 *
 * @param claim.claimKey the same key gets the same run again while that runs
 * @throws NOT_FOUND for the unit; FORBIDDEN for one that the account only sees
 */
export const claimRun = async (userId: string, claim: Claim): Promise<{ run: Run | null }> => {
  const run = await gathererOf(userId, claim.unitId)(claim);
  if (run) tellRun(run);
  return { run };
};

export const tellRun = (run: Run): void =>
  publishLive([{ kind: "run", userId: run.userId, unitId: run.unitId, runId: run.runId, status: run.status }]);

/** Starts a given pending run. Of two callers one wins. @throws NOT_FOUND; INVALID_QUEUE_STATUS when it is not pending */
export const startRun = async (
  userId: string,
  input: { runId: string; driverId?: string | undefined },
): Promise<Run> => {
  const { runId } = input;
  const { unit_id: unitId } = await getRunRow(userId, runId);
  const run = await withRetries(() =>
    getSql().begin(async (sql) => {
      await lockUnit(sql, userId, unitId);
      const started = sql`
        UPDATE runs SET ${startOf(sql, sql`${input.driverId ?? null}::text`, sql`NULL`)}
        WHERE id = ${runId} AND status = 'pending' AND deleted_at IS NULL RETURNING ${changedColumns(sql)}`;
      const [row] = await withEvents<RunRow>(sql, started, sql`*`);
      if (row) {
        count([row]);
        return toRun(row);
      }
      const { status } = await getRunRow(userId, runId, sql);
      throw wrongStatus(runId, status, "pending");
    }),
  );
  tellRun(run);
  return run;
};
