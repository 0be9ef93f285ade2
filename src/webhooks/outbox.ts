// Events are written in the statement that changes a status: both are committed or neither is.
//
// The features put these parts into the WITH of each such statement. Where nobody listens they insert nothing: per changed row one
// look at the account's endpoints, on an index of a table that is small or empty, and no round trip more. A flag kept in memory
// ("nobody has an endpoint") would save that look, but an endpoint registered through another process would miss events
// until the flag is read again; so each statement sees exactly the endpoints that were committed before it began.
import type postgres from "postgres";
import type { SqlLike } from "../platform/db";

type Fragment = postgres.PendingQuery<postgres.Row[]>;

/** The time of the change, RFC 3339 with milliseconds: for the body of an event. */
export const changeTime = (sql: SqlLike): Fragment =>
  sql`to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;

/** Time-ordered, with 62 random bits: the log of an endpoint is read in the order of the ids. */
export const newDeliveryId = (sql: SqlLike): Fragment => sql`
  'dlv_' || lpad(to_hex((extract(epoch FROM clock_timestamp()) * 1000)::int8), 11, '0') || right(replace(gen_random_uuid()::text, '-', ''), 16)`;

/**
 * For a WITH: the events of changes, and their deliveries to all who want to hear of them.
 *
 * An event's id follows from its subject and the number of the change, so that one change can never be told under two ids.
 *
 * @param changes selects (user_id, subject_id, change_no, event, own_url, body json), one row per change; used by name
 */
export const outboxParts = (sql: SqlLike, changes: Fragment): Fragment => sql`
  webhooks_told AS (
    INSERT INTO webhook_events (id, user_id, subject_id, change_no, event, own_url, body)
    SELECT 'evt_' || c.subject_id || '_' || c.change_no, c.user_id, c.subject_id, c.change_no, c.event, c.own_url, c.body::text
    FROM (${changes}) AS c
    WHERE c.own_url IS NOT NULL OR EXISTS (
      SELECT 1 FROM webhook_endpoints e WHERE e.user_id = c.user_id AND e.active AND (e.events IS NULL OR c.event = ANY(e.events)))
    RETURNING id, user_id, event, own_url
  ), webhooks_sent AS (
    INSERT INTO webhook_deliveries (id, event_id, user_id, endpoint_id, url, receiver)
    SELECT ${newDeliveryId(sql)}, r.* FROM (
      SELECT w.id, w.user_id, e.id AS endpoint_id, NULL AS url, e.id AS receiver
      FROM webhooks_told w JOIN webhook_endpoints e ON e.user_id = w.user_id AND e.active AND (e.events IS NULL OR w.event = ANY(e.events))
      UNION ALL
      SELECT w.id, w.user_id, NULL, w.own_url, w.user_id || ' ' || substring(w.own_url FROM '^[^/]*//[^/?#]*')
      FROM webhooks_told w WHERE w.own_url IS NOT NULL
    ) AS r
  )`;
