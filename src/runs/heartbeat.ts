// A driver says that it lives, and what it works on.
import { coalesce } from "../platform/coalesce";
import { getSql, type SqlLike, withRetries } from "../platform/db";
import { publishLive } from "../platform/live";
import { mayUnit, unitRefusal } from "./access";
import { CONNECTED_SECONDS } from "./units";

export type Beat = {
  unitId: string;
  driverId?: string | undefined;
  slots?: number | undefined;
  /** absent: all of the unit's */
  running?:
    | { runId: string; attempt?: number | undefined; progress?: { done: number; total: number } | undefined }[]
    | undefined;
};

export type BeatAnswer = {
  connectionStatus: "connected";
  lastHeartbeat: string;
  /** of `running`, those that the driver must stop: cancelled, removed, or started again since */
  cancel: string[];
  paused: boolean;
};

/**
 * Renews the unit's presence, and its running runs: the named ones, or all of them where none are named.
 * A run that was given up as lost is not in `cancel`: its driver may still end it, unless it was retried or removed.
 *
 * @throws NOT_FOUND for the unit; FORBIDDEN for one that the account only sees
 */
export const heartbeat = async (userId: string, beat: Beat): Promise<BeatAnswer> => {
  const { unitId, running } = beat;
  const heard = await hearTogether({ userId, beat });
  if (!heard) throw await unitRefusal(userId, unitId);
  const { owner_id: ownerId } = heard;
  if (!heard.was_connected) publishLive([{ kind: "unit", userId: ownerId, unitId }]);
  else if (running?.some((one) => one.progress))
    publishLive(
      running.flatMap((one) =>
        one.progress ? [{ kind: "runOutput" as const, userId: ownerId, unitId, runId: one.runId }] : [],
      ),
    );
  return {
    connectionStatus: "connected",
    lastHeartbeat: heard.last_heartbeat_at.toISOString(),
    cancel: heard.cancel,
    paused: heard.paused,
  };
};

type Said = { userId: string; beat: Beat };
type Heard = { owner_id: string; paused: boolean; was_connected: boolean; last_heartbeat_at: Date; cancel: string[] };

/** Drivers beat every few seconds: that one waits for others costs nobody anything, and many cost PostgreSQL hardly more than one. */
const GATHER_MS = 20;

const hearTogether = coalesce<Said, Heard | undefined>(
  async (said) => {
    const rows = await withRetries(() => hear(getSql(), said));
    const heard = new Map(rows.map((row) => [row.nth, row]));
    return said.map((_, nth) => heard.get(nth));
  },
  { maxUnderWay: 2, maxItems: 200, gatherMs: GATHER_MS },
);

/**
 * All of a unit's running runs are watched from its first heartbeat on; where runs are named, only those were heard of.
 * Of two heartbeats of one driver, or two progresses of one run, the later one counts. Runs are found by their unit and by their id
 * through arrays, so that no plan reads all runs.
 */
const hear = (sql: SqlLike, said: Said[]) => {
  const beats = said.map(({ userId, beat }, nth) => ({
    nth,
    user_id: userId,
    unit_id: beat.unitId,
    driver_id: beat.driverId ?? null,
    slots: beat.slots ?? 1,
    names: beat.running !== undefined,
  }));
  const named = said
    .flatMap(({ beat }, nth) => (beat.running ?? []).map((one) => ({ nth, ...one })))
    .map(({ nth, ...one }, position) => ({
      nth,
      position,
      run_id: one.runId,
      attempt: one.attempt ?? null,
      done: one.progress?.done ?? null,
      total: one.progress?.total ?? null,
    }));
  const unitIds = said.map(({ beat }) => beat.unitId);
  return sql<(Heard & { nth: number })[]>`
    WITH beats AS (
      SELECT b.*, u.user_id AS owner_id, u.paused, coalesce(p.last_heartbeat_at >= now() - make_interval(secs => ${CONNECTED_SECONDS}), false) AS was_connected
      FROM json_to_recordset(${JSON.stringify(beats)}::text::json) AS b(nth int, user_id text, unit_id text, driver_id text, slots int, names bool)
      JOIN units u ON u.id = ANY((SELECT ${unitIds}::text[])::text[]) AND u.id = b.unit_id AND u.deleted_at IS NULL
        AND ${mayUnit(sql, sql`b.user_id`, "edit")}
      LEFT JOIN unit_presence p ON p.unit_id = ANY((SELECT ${unitIds}::text[])::text[]) AND p.unit_id = u.id
    ), named AS (
      SELECT n.*, b.unit_id, r.id IS NULL OR coalesce(n.attempt <> r.attempt, false) AS must_stop
      FROM json_to_recordset(${JSON.stringify(named)}::text::json)
        AS n(nth int, position int, run_id text, attempt int8, done float8, total float8)
      JOIN beats b ON b.nth = n.nth
      LEFT JOIN runs r ON r.id = ANY((SELECT ${named.map((one) => one.run_id)}::text[])::text[]) AND r.id = n.run_id AND r.unit_id = b.unit_id
        AND r.deleted_at IS NULL AND (r.status IN ('running', 'completed') OR r.error_kind IN ('lost', 'failed'))
    ), present AS (
      INSERT INTO unit_presence (unit_id, last_heartbeat_at) SELECT DISTINCT unit_id, now() FROM beats ORDER BY unit_id
      ON CONFLICT (unit_id) DO UPDATE SET last_heartbeat_at = now()
    ), drivers AS (
      INSERT INTO unit_drivers (unit_id, driver_id, slots, last_heartbeat_at)
      SELECT DISTINCT ON (unit_id, driver_id) unit_id, driver_id, slots, now() FROM beats WHERE driver_id IS NOT NULL ORDER BY unit_id, driver_id, nth DESC
      ON CONFLICT (unit_id, driver_id) DO UPDATE SET slots = excluded.slots, last_heartbeat_at = now()
    ), renewed AS (
      UPDATE runs SET watched = true, last_named_at = now(), progress_done = coalesce(n.done, progress_done), progress_total = coalesce(n.total, progress_total)
      FROM (
        SELECT r.id, n.done, n.total
        FROM runs r
        LEFT JOIN (SELECT DISTINCT ON (run_id) * FROM named WHERE NOT must_stop ORDER BY run_id, done IS NULL, position DESC) n ON n.run_id = r.id
        WHERE r.unit_id = ANY((SELECT array_agg(unit_id) FROM beats)::text[]) AND r.status = 'running' AND r.deleted_at IS NULL
          AND (NOT r.watched OR n.run_id IS NOT NULL OR r.unit_id IN (SELECT unit_id FROM beats WHERE NOT names))
      ) n
      WHERE runs.id = n.id AND runs.status = 'running' AND runs.deleted_at IS NULL
    )
    SELECT nth, owner_id, paused, was_connected, now() AS last_heartbeat_at,
      ARRAY(SELECT run_id FROM named n WHERE n.nth = beats.nth AND n.must_stop ORDER BY position) AS cancel
    FROM beats`;
};
