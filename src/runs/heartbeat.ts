// A driver says that it lives, and what it works on.
import { getSql, type SqlLike, withRetries } from "../platform/db";
import { publishLive } from "../platform/live";
import { unitNotFound } from "./unit-lock";
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
 * @throws NOT_FOUND for the unit
 */
export const heartbeat = async (userId: string, beat: Beat): Promise<BeatAnswer> => {
  const { unitId, running } = beat;
  const { wasConnected, ...answer } = await withRetries(() =>
    getSql().begin(async (sql) => {
      const [unit] = await sql<{ paused: boolean; was_connected: boolean }[]>`
        SELECT u.paused, coalesce(p.last_heartbeat_at >= now() - make_interval(secs => ${CONNECTED_SECONDS}), false) AS was_connected
        FROM units u LEFT JOIN unit_presence p ON p.unit_id = u.id WHERE u.id = ${unitId} AND u.user_id = ${userId} AND u.deleted_at IS NULL`;
      if (!unit) throw unitNotFound(unitId);
      const [presence] = await sql<{ last_heartbeat_at: Date }[]>`
        INSERT INTO unit_presence (unit_id, last_heartbeat_at) VALUES (${unitId}, now())
        ON CONFLICT (unit_id) DO UPDATE SET last_heartbeat_at = now() RETURNING last_heartbeat_at`;
      if (beat.driverId !== undefined)
        await sql`
          INSERT INTO unit_drivers (unit_id, driver_id, slots, last_heartbeat_at) VALUES (${unitId}, ${beat.driverId}, ${beat.slots ?? 1}, now())
          ON CONFLICT (unit_id, driver_id) DO UPDATE SET slots = excluded.slots, last_heartbeat_at = now()`;
      if (running === undefined) await renewAll(sql, unitId);
      else await renewNamed(sql, unitId, running);
      return {
        wasConnected: unit.was_connected,
        connectionStatus: "connected" as const,
        lastHeartbeat: (presence?.last_heartbeat_at ?? new Date()).toISOString(),
        cancel: running === undefined ? [] : await toStop(sql, userId, unitId, running),
        paused: unit.paused,
      };
    }),
  );
  if (!wasConnected) publishLive([{ kind: "unit", userId, unitId }]);
  else if (running?.some((one) => one.progress))
    publishLive(
      running.flatMap((one) => (one.progress ? [{ kind: "runOutput" as const, userId, runId: one.runId }] : [])),
    );
  return answer;
};

const renewAll = (sql: SqlLike, unitId: string) => sql`
  UPDATE runs SET watched = true, last_named_at = now() WHERE unit_id = ${unitId} AND status = 'running' AND deleted_at IS NULL`;

/** All of the unit's are watched from now on; only the named ones were heard of. */
const renewNamed = async (sql: SqlLike, unitId: string, running: NonNullable<Beat["running"]>): Promise<void> => {
  await sql`
    UPDATE runs SET watched = true, last_named_at = now()
    WHERE unit_id = ${unitId} AND status = 'running' AND NOT watched AND deleted_at IS NULL`;
  if (running.length === 0) return;
  const named = running.map((one) => ({
    id: one.runId,
    attempt: one.attempt ?? null,
    done: one.progress?.done ?? null,
    total: one.progress?.total ?? null,
  }));
  await sql`
    UPDATE runs SET last_named_at = now(), progress_done = coalesce(n.done, progress_done), progress_total = coalesce(n.total, progress_total)
    FROM jsonb_to_recordset(${JSON.stringify(named)}::text::jsonb) AS n(id text, attempt int8, done float8, total float8)
    WHERE runs.id = n.id AND runs.unit_id = ${unitId} AND runs.status = 'running' AND runs.deleted_at IS NULL
      AND (n.attempt IS NULL OR n.attempt = runs.attempt)`;
};

const toStop = async (
  sql: SqlLike,
  userId: string,
  unitId: string,
  running: NonNullable<Beat["running"]>,
): Promise<string[]> => {
  if (running.length === 0) return [];
  const kept = await sql<{ id: string; attempt: number }[]>`
    SELECT id, attempt FROM runs WHERE id = ANY(${running.map((one) => one.runId)}) AND unit_id = ${unitId} AND user_id = ${userId}
      AND deleted_at IS NULL AND (status IN ('running', 'completed') OR error_kind IN ('lost', 'failed'))`;
  const attempts = new Map(kept.map((run) => [run.id, run.attempt]));
  return running
    .filter(({ runId, attempt }) => {
      const current = attempts.get(runId);
      return current === undefined || (attempt !== undefined && attempt !== current);
    })
    .map((one) => one.runId);
};
