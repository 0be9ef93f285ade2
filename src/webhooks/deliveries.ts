// The log of an endpoint: what was sent, what it answered, and sending it again.

import type { z } from "zod";
import { recordActivity } from "../activity/record";
import { getSql, type SqlLike } from "../platform/db";
import { badField, DomainError } from "../platform/errors";
import { newId } from "../platform/ids";
import { endpointNotFound, getEndpoint } from "./endpoints";
import { TEST_EVENT } from "./events";
import { changeTime, newDeliveryId } from "./outbox";
import type { deliveryOutput } from "./output";

export type Delivery = z.infer<typeof deliveryOutput>;

type Row = {
  id: string;
  event_id: string;
  event: string;
  url: string;
  status: Delivery["status"];
  tries: number;
  status_code: number | null;
  answer: string | null;
  error: string | null;
  created_at: Date;
  next_try_at: Date;
  delivered_at: Date | null;
  body: string;
};

/** Of the parts d (a delivery), v (its event) and e (its endpoint). */
const columns = (sql: SqlLike) => sql`
  d.id, d.event_id, v.event, coalesce(d.url, e.url) AS url, d.status, d.tries, d.status_code, d.answer, d.error, d.created_at,
  d.next_try_at, d.delivered_at, v.body`;

const toDelivery = (row: Row): Delivery => ({
  deliveryId: row.id,
  eventId: row.event_id,
  event: row.event,
  url: row.url,
  status: row.status,
  tries: row.tries,
  statusCode: row.status_code,
  answer: row.answer,
  error: row.error,
  createdAt: row.created_at.toISOString(),
  nextTryAt: row.status === "pending" ? row.next_try_at.toISOString() : null,
  deliveredAt: row.delivered_at?.toISOString() ?? null,
  body: row.body,
});

const CURSOR = /^dlv_[0-9a-f]+$/;

/** Newest first. @throws NOT_FOUND; INVALID_REQUEST for a cursor that is none */
export const listDeliveries = async (
  userId: string,
  input: { webhookId: string; limit: number; cursor?: string | undefined },
): Promise<{ deliveries: Delivery[]; nextCursor: string | null }> => {
  const { webhookId, limit, cursor } = input;
  if (cursor !== undefined && !CURSOR.test(cursor)) throw badField("cursor", "unknownCursor");
  await getEndpoint(userId, { webhookId });
  const sql = getSql();
  const rows = await sql<Row[]>`
    SELECT ${columns(sql)} FROM webhook_deliveries d JOIN webhook_events v ON v.id = d.event_id JOIN webhook_endpoints e ON e.id = d.endpoint_id
    WHERE d.endpoint_id = ${webhookId} AND ${cursor === undefined ? sql`true` : sql`d.id < ${cursor}`}
    ORDER BY d.id DESC LIMIT ${limit + 1}`;
  const page = rows.slice(0, limit);
  return { deliveries: page.map(toDelivery), nextCursor: rows.length > limit ? (page.at(-1)?.id ?? null) : null };
};

/** As many as a task that was retried for a day may have; older ones are left out. */
const OF_SUBJECT_AT_MOST = 1000;

/** Everything that was sent of a task or a run, to endpoints and to a task's own address, newest first. Empty for what is not there. */
export const deliveriesOf = async (
  userId: string,
  { subjectId }: { subjectId: string },
): Promise<{ deliveries: Delivery[] }> => {
  const sql = getSql();
  const rows = await sql<Row[]>`
    SELECT ${columns(sql)} FROM webhook_events v JOIN webhook_deliveries d ON d.event_id = v.id LEFT JOIN webhook_endpoints e ON e.id = d.endpoint_id
    WHERE v.subject_id = ${subjectId} AND v.user_id = ${userId} AND (d.endpoint_id IS NULL OR e.id IS NOT NULL)
    ORDER BY d.id DESC LIMIT ${OF_SUBJECT_AT_MOST}`;
  return { deliveries: rows.map(toDelivery) };
};

const isOff = (id: string) => new DomainError("CONFLICT", "webhookOff", { params: { id } });

/** A delivery of an event to an endpoint, to be sent at once. @throws CONFLICT while the endpoint is off */
const addDelivery = async (sql: SqlLike, userId: string, webhookId: string, eventId: string): Promise<Delivery> => {
  const [row] = await sql<(Row & { active: boolean })[]>`
    WITH e AS (
      SELECT id, url FROM webhook_endpoints WHERE id = ${webhookId} AND user_id = ${userId} AND active
    ), d AS (
      INSERT INTO webhook_deliveries (id, event_id, user_id, endpoint_id, receiver)
      SELECT ${newDeliveryId(sql)}, ${eventId}, ${userId}, e.id, e.id FROM e RETURNING *
    )
    SELECT ${columns(sql)} FROM d JOIN webhook_events v ON v.id = d.event_id CROSS JOIN e`;
  if (!row) throw isOff(webhookId);
  return toDelivery(row);
};

/**
 * Sends the event of a delivery again, with the same `webhook-id` and body: as a delivery of its own, so that the log keeps both.
 * @throws NOT_FOUND; CONFLICT while the endpoint is off
 */
export const replayDelivery = (
  userId: string,
  input: { webhookId: string; deliveryId: string },
  sql?: SqlLike,
): Promise<Delivery> => (sql ? replayIn(sql, userId, input) : getSql().begin((own) => replayIn(own, userId, input)));

const replayIn = async (
  sql: SqlLike,
  userId: string,
  { webhookId, deliveryId }: { webhookId: string; deliveryId: string },
): Promise<Delivery> => {
  await getEndpoint(userId, { webhookId }, sql);
  const [found] = await sql<{ event_id: string }[]>`
    SELECT event_id FROM webhook_deliveries WHERE id = ${deliveryId} AND endpoint_id = ${webhookId} AND user_id = ${userId}`;
  if (!found) throw deliveryNotFound(deliveryId);
  await recordActivity(sql, userId, { verb: "webhook.replayed", objectId: webhookId });
  return addDelivery(sql, userId, webhookId, found.event_id);
};

export const deliveryNotFound = (id: string) => new DomainError("NOT_FOUND", "deliveryNotFound", { params: { id } });

/** Sends a `webhook.test` event to one endpoint, whatever it subscribes to. @throws NOT_FOUND; CONFLICT while the endpoint is off */
export const testEndpoint = (userId: string, { webhookId }: { webhookId: string }, sql?: SqlLike): Promise<Delivery> =>
  sql ? testIn(sql, userId, webhookId) : getSql().begin((own) => testIn(own, userId, webhookId));

const testIn = async (sql: SqlLike, userId: string, webhookId: string): Promise<Delivery> => {
  const { active } = await getEndpoint(userId, { webhookId }, sql);
  if (!active) throw isOff(webhookId);
  const eventId = newId("event");
  const made = await sql`
    INSERT INTO webhook_events (id, user_id, subject_id, change_no, event, body)
    SELECT ${eventId}, user_id, ${eventId}, 0, ${TEST_EVENT},
      json_build_object('event', ${TEST_EVENT}::text, 'webhook_id', id, 'timestamp', ${changeTime(sql)})::text
    FROM webhook_endpoints WHERE id = ${webhookId} AND user_id = ${userId}`;
  if (made.count === 0) throw endpointNotFound(webhookId);
  await recordActivity(sql, userId, { verb: "webhook.tested", objectId: webhookId });
  return addDelivery(sql, userId, webhookId, eventId);
};
