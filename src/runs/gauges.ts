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
