// Endpoints of an account: where its events go.

import type { z } from "zod";
import { changedFields, recordActivity } from "../activity/record";
import { getSql, type SqlLike } from "../platform/db";
import { badField, DomainError } from "../platform/errors";
import { newId } from "../platform/ids";
import { type Resolve, refusalOf } from "./address-guard";
import { WEBHOOK_EVENTS, type WebhookEvent } from "./events";
import type { endpointOutput } from "./output";
import { newSecret, sealSecret, taskSecret } from "./secret-box";

export type Endpoint = z.infer<typeof endpointOutput>;
/** The secret is shown when it is made, and never again. */
export type EndpointWithSecret = Endpoint & { secret: string };

type Row = {
  id: string;
  url: string;
  events: WebhookEvent[] | null;
  active: boolean;
  off_reason: string | null;
  old_secret_until: Date | null;
  created_at: Date;
  updated_at: Date;
};

const columns = (sql: SqlLike) => sql`
  id, url, events, active, off_reason, CASE WHEN old_secret_until > now() THEN old_secret_until END AS old_secret_until, created_at, updated_at`;

const toEndpoint = (row: Row): Endpoint => ({
  webhookId: row.id,
  url: row.url,
  events: row.events ?? [...WEBHOOK_EVENTS],
  active: row.active,
  offReason: row.off_reason,
  oldSecretUntil: row.old_secret_until?.toISOString() ?? null,
  createdAt: row.created_at.toISOString(),
  updatedAt: row.updated_at.toISOString(),
});

export const endpointNotFound = (id: string) => new DomainError("NOT_FOUND", "webhookNotFound", { params: { id } });

const checkUrl = async (url: string, resolve?: Resolve): Promise<void> => {
  const refusal = await refusalOf(url, resolve);
  if (refusal !== null) throw badField("url", refusal);
};

/** All of the account's, newest first. */
export const listEndpoints = async (userId: string): Promise<{ webhooks: Endpoint[] }> => {
  const sql = getSql();
  const rows = await sql<Row[]>`
    SELECT ${columns(sql)} FROM webhook_endpoints WHERE user_id = ${userId} ORDER BY id DESC`;
  return { webhooks: rows.map(toEndpoint) };
};

/** @throws NOT_FOUND */
export const getEndpoint = async (
  userId: string,
  { webhookId }: { webhookId: string },
  sql: SqlLike = getSql(),
): Promise<Endpoint> => {
  const [row] = await sql<Row[]>`
    SELECT ${columns(sql)} FROM webhook_endpoints WHERE id = ${webhookId} AND user_id = ${userId}`;
  if (!row) throw endpointNotFound(webhookId);
  return toEndpoint(row);
};

/** Of an account: each change writes a delivery for each. Two calls at once may both take the last place. */
export const MAX_ENDPOINTS = 50;

type NewEndpoint = { url: string; events?: WebhookEvent[] | undefined; active: boolean };

/**
 * Registers an endpoint. It hears of every change that begins after this was committed.
 * @throws INVALID_REQUEST for an address that is not public; CONFLICT when the account has MAX_ENDPOINTS already
 */
export const createEndpoint = async (
  userId: string,
  input: NewEndpoint,
  sql?: SqlLike,
  resolve?: Resolve,
): Promise<EndpointWithSecret> => {
  await checkUrl(input.url, resolve);
  return sql ? insertEndpoint(sql, userId, input) : getSql().begin((own) => insertEndpoint(own, userId, input));
};

const insertEndpoint = async (sql: SqlLike, userId: string, input: NewEndpoint): Promise<EndpointWithSecret> => {
  const id = newId("hook");
  const secret = newSecret();
  const [row] = await sql<Row[]>`
    INSERT INTO webhook_endpoints (id, user_id, url, events, active, secret)
    SELECT ${id}, ${userId}, ${input.url}, ${input.events ?? null}::text[], ${input.active}, ${sealSecret(secret, id)}
    WHERE (SELECT count(*) FROM webhook_endpoints WHERE user_id = ${userId}) < ${MAX_ENDPOINTS}
    RETURNING ${columns(sql)}`;
  if (!row) throw new DomainError("CONFLICT", "webhookLimit", { params: { max: MAX_ENDPOINTS } });
  await recordActivity(sql, userId, { verb: "webhook.created", objectId: id });
  return { ...toEndpoint(row), secret };
};

/**
 * Changes what is given. Turned on, it gets what waited for it; what happened while it was off is not told.
 * @throws NOT_FOUND; INVALID_REQUEST for an address that is not public
 */
export const updateEndpoint = async (
  userId: string,
  input: {
    webhookId: string;
    url?: string | undefined;
    events?: WebhookEvent[] | undefined;
    active?: boolean | undefined;
  },
  resolve?: Resolve,
): Promise<Endpoint> => {
  const { webhookId, url = null, events = null, active = null } = input;
  await getEndpoint(userId, { webhookId });
  if (url !== null) await checkUrl(url, resolve);
  return getSql().begin(async (sql) => {
    const [row] = await sql<Row[]>`
    UPDATE webhook_endpoints SET url = coalesce(${url}, url), events = coalesce(${events}::text[], events),
      active = coalesce(${active}::boolean, active), off_reason = CASE WHEN ${active}::boolean IS NULL THEN off_reason END, updated_at = now()
    WHERE id = ${webhookId} AND user_id = ${userId} RETURNING ${columns(sql)}`;
    if (!row) throw endpointNotFound(webhookId);
    const details = changedFields(input, "url", "events", "active");
    await recordActivity(sql, userId, { verb: "webhook.changed", objectId: webhookId, details });
    return toEndpoint(row);
  });
};

/** Deletes an endpoint with its log; what waits for it is not sent. @throws NOT_FOUND */
export const removeEndpoint = async (userId: string, { webhookId }: { webhookId: string }): Promise<void> => {
  await getSql().begin(async (sql) => {
    const gone = await sql`DELETE FROM webhook_endpoints WHERE id = ${webhookId} AND user_id = ${userId}`;
    if (gone.count === 0) throw endpointNotFound(webhookId);
    await sql`DELETE FROM webhook_deliveries WHERE endpoint_id = ${webhookId}`;
    await recordActivity(sql, userId, { verb: "webhook.removed", objectId: webhookId });
  });
};

/** So long after a rotation the old secret signs beside the new one. */
const GRACE_HOURS = 24;

/**
 * A new secret. Until 24 h later each event carries two signatures, so that receivers can change theirs without missing one.
 * Of two rotations within that time the first one's secret is the old one.
 * @throws NOT_FOUND
 */
export const rotateSecret = async (
  userId: string,
  { webhookId }: { webhookId: string },
): Promise<EndpointWithSecret> => {
  const secret = newSecret();
  return getSql().begin(async (sql) => {
    const [row] = await sql<Row[]>`
    UPDATE webhook_endpoints SET old_secret = secret, old_secret_until = now() + make_interval(hours => ${GRACE_HOURS}),
      secret = ${sealSecret(secret, webhookId)}, updated_at = now()
    WHERE id = ${webhookId} AND user_id = ${userId} RETURNING ${columns(sql)}`;
    if (!row) throw endpointNotFound(webhookId);
    await recordActivity(sql, userId, { verb: "webhook.rotated", objectId: webhookId });
    return { ...toEndpoint(row), secret };
  });
};

/** What signs the events that go to the own addresses of the account's tasks. */
export const readTaskSecret = (userId: string): { secret: string } => ({ secret: taskSecret(userId) });
