// How many runs wait or run, and how many units have a driver, over all accounts: for an operator's monitoring.
import { getSql, type SqlLike } from "../platform/db";
import { CONNECTED_SECONDS } from "./units";

/** Looked up unit by unit in the index of statuses: ended runs, of which there may be millions, are not touched. */
export const unendedRuns = (
  sql: SqlLike = getSql(),
): PromiseLike<{ status: "pending" | "running"; count: number }[]> => sql<
  { status: "pending" | "running"; count: number }[]
>`
  SELECT s.status, coalesce(sum(c.n), 0)::int8 AS count
  FROM (VALUES ('pending'), ('running')) AS s(status) LEFT JOIN units u ON u.deleted_at IS NULL
  LEFT JOIN LATERAL (
    SELECT count(*) AS n FROM runs r WHERE r.unit_id = u.id AND r.status = s.status AND r.deleted_at IS NULL
  ) AS c ON true
  GROUP BY s.status ORDER BY s.status`;

export type DriverGauges = { connected: number; disconnected: number };

/** Units whose driver is heard, and those whose driver was. */
export const driverGauges = async (sql: SqlLike = getSql()): Promise<DriverGauges> => {
  const [row] = await sql<DriverGauges[]>`
    SELECT count(*) FILTER (WHERE is_heard) AS connected, count(*) FILTER (WHERE NOT is_heard) AS disconnected
    FROM (
      SELECT p.last_heartbeat_at >= now() - make_interval(secs => ${CONNECTED_SECONDS}) AS is_heard
      FROM unit_presence p JOIN units u ON u.id = p.unit_id WHERE u.deleted_at IS NULL
    ) AS drivers`;
  return row ?? { connected: 0, disconnected: 0 };
};

/** Seconds since the oldest of the runs that are next in their units was made; 0 when none waits. */
export const oldestPendingRun = async (sql: SqlLike = getSql()): Promise<number> => {
  const [row] = await sql<{ seconds: number | null }[]>`
    SELECT max(extract(epoch FROM now() - next.created_at))::float8 AS seconds
    FROM units u CROSS JOIN LATERAL (
      SELECT created_at FROM runs r WHERE r.unit_id = u.id AND r.status = 'pending' AND r.deleted_at IS NULL ORDER BY place LIMIT 1
    ) AS next WHERE u.deleted_at IS NULL`;
  return row?.seconds ?? 0;
};

/** Estimates of each unit that are looked at, the newest ones. */
const ESTIMATES = 20;

/**
 * How far the times were off that were said of runs before they ran: median of |said - true| / true, over the newest estimates of
 * each unit whose runs have completed; null while there are none.
 */
export const etaErrorRatio = async (sql: SqlLike = getSql()): Promise<number | null> => {
  const [row] = await sql<{ ratio: number | null }[]>`
    SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY abs(e.end_p50_seconds - e.seconds) / greatest(e.seconds, 1)) AS ratio
    FROM units u CROSS JOIN LATERAL (
      SELECT e.end_p50_seconds, extract(epoch FROM r.completed_at - e.made_at)::float8 AS seconds
      FROM run_estimates e JOIN runs r ON r.id = e.run_id AND r.attempt = e.attempt
      WHERE e.unit_id = u.id AND r.status = 'completed' ORDER BY e.made_at DESC LIMIT ${ESTIMATES}
    ) AS e WHERE u.deleted_at IS NULL`;
  return row?.ratio ?? null;
};
