// Sends what the outbox holds. Every worker does; a delivery is claimed by one of them for a moment, and claimed again when that
// one is gone.
import { coalesce } from "../platform/coalesce";
import { getSql, inOneTrip, type SqlLike } from "../platform/db";
import { getEnv } from "../platform/env";
import { isOutage } from "../platform/errors";
import { newId } from "../platform/ids";
import { log } from "../platform/log";
import { webhookDeliveries } from "../platform/prometheus";
import type { Resolve } from "./address-guard";
import { retryDelaySeconds } from "./retry-schedule";
import { openSecret, taskSecret } from "./secret-box";
import { type Sent, sendOnce } from "./send";
import { signedHeaders } from "./signature";

/** At once, of one receiver over all workers: one that hangs holds no more. */
export const PER_RECEIVER = 4;
/** At once, in one worker: with each receiver's share that is 250 which hang before anybody waits. */
const UNDER_WAY_AT_MOST = 1000;
/**
 * A sender that was not heard of for so long is gone: its tries, and its share of a receiver's connections, are free again. A row for
 * each sender tells, and not one for each claim, since a receiver that hangs would have that written over and over.
 */
const GONE_AFTER_SECONDS = 1;
/** Beyond the time for an answer a claim ends by itself, should its sender live on without it. */
const CLAIM_MARGIN_SECONDS = 10;
const CLAIM_LOCK = 7_110_040;

type Claimed = {
  id: string;
  tries: number;
  event_id: string;
  user_id: string;
  endpoint_id: string | null;
  url: string;
  secret: string | null;
  old_secret: string | null;
  body: string;
};

/**
 * Takes what is due, each receiver's oldest first, up to PER_RECEIVER of it that are under way anywhere.
 *
 * Receivers are found one after the other in the index of what is due, so that ten thousand deliveries to one that is down cost
 * as much as one. Claims come one at a time (the advisory lock), or two workers would both see a receiver's free connections.
 * Nothing of an endpoint that is off is due: it waits until that is turned on again. (A task's own address has a space in its receiver.)
 */
const claimDue = async (sender: Sender, limit: number): Promise<Claimed[]> => {
  const [, claimed] = await inOneTrip<[unknown, Claimed[]]>((sql) => [
    sql`SELECT pg_advisory_xact_lock(${CLAIM_LOCK})`,
    claimStatement(sql, sender, limit),
  ]);
  return claimed;
};

type Sender = { id: string; timeoutMs: number; underWay: number };

const claimStatement = (sql: SqlLike, sender: Sender, limit: number) => sql<Claimed[]>`
  WITH RECURSIVE alive AS (
    SELECT id FROM webhook_senders WHERE seen_at > now() - make_interval(secs => ${GONE_AFTER_SECONDS}) UNION SELECT ${sender.id}
  ), receivers AS (
    (SELECT receiver FROM webhook_deliveries WHERE status = 'pending' ORDER BY receiver LIMIT 1)
    UNION ALL
    SELECT n.receiver FROM receivers r CROSS JOIN LATERAL (
      SELECT receiver FROM webhook_deliveries d WHERE d.status = 'pending' AND d.receiver > r.receiver ORDER BY d.receiver LIMIT 1) n
  ), busy AS (
    SELECT receiver, count(*) AS count FROM webhook_deliveries
    WHERE locked_until IS NOT NULL AND locked_until > now() AND locked_by IN (SELECT id FROM alive) GROUP BY receiver
  ), due AS (
    SELECT h.id FROM receivers r LEFT JOIN busy b USING (receiver) CROSS JOIN LATERAL (
      SELECT d.id, d.next_try_at FROM webhook_deliveries d
      WHERE d.receiver = r.receiver AND d.status = 'pending' AND d.next_try_at <= now()
        AND (d.locked_until IS NULL OR d.locked_until <= now() OR d.locked_by NOT IN (SELECT id FROM alive))
      ORDER BY d.next_try_at LIMIT greatest(${PER_RECEIVER} - coalesce(b.count, 0), 0)) h
    WHERE r.receiver LIKE '% %' OR EXISTS (SELECT 1 FROM webhook_endpoints e WHERE e.id = r.receiver AND e.active)
    ORDER BY h.next_try_at LIMIT ${limit}
  ), picked AS (
    SELECT id FROM webhook_deliveries WHERE id IN (SELECT id FROM due) AND status = 'pending' FOR UPDATE SKIP LOCKED
  ), taken AS (
    UPDATE webhook_deliveries d SET tries = tries + 1, locked_by = ${sender.id},
      locked_until = now() + make_interval(secs => ${sender.timeoutMs / 1000 + CLAIM_MARGIN_SECONDS}),
      url = coalesce((SELECT e.url FROM webhook_endpoints e WHERE e.id = d.endpoint_id), d.url)
    FROM picked WHERE d.id = picked.id RETURNING d.id, d.tries, d.event_id, d.user_id, d.endpoint_id, d.url
  ), seen AS (
    INSERT INTO webhook_senders (id) SELECT ${sender.id} WHERE ${sender.underWay > 0} OR EXISTS (SELECT 1 FROM taken)
    ON CONFLICT (id) DO UPDATE SET seen_at = now()
  )
  SELECT t.*, e.secret, CASE WHEN e.old_secret_until > now() THEN e.old_secret END AS old_secret, v.body
  FROM taken t JOIN webhook_events v ON v.id = t.event_id LEFT JOIN webhook_endpoints e ON e.id = t.endpoint_id`;

type Outcome = Sent & { id: string; tries: number; retrySeconds: number | null };

/**
 * Writes what tries brought. A success counts whoever reports it; a failure only while it is the newest try, since another worker
 * may be at the next one. A receiver that answers 410 is turned off.
 */
const recordStatement = (sql: SqlLike, outcomes: Outcome[]) => sql`
  WITH given AS (
    SELECT * FROM json_to_recordset(${JSON.stringify(outcomes)}::text::json) AS g(
      id text, tries int, "statusCode" int, answer text, error text, "retrySeconds" float8)
  ), told AS (
    UPDATE webhook_deliveries d SET
      status = CASE WHEN g.error IS NULL THEN 'delivered' WHEN g."retrySeconds" IS NULL THEN 'failed' ELSE 'pending' END,
      delivered_at = CASE WHEN g.error IS NULL THEN now() END,
      next_try_at = CASE WHEN g."retrySeconds" IS NULL THEN next_try_at ELSE now() + make_interval(secs => g."retrySeconds") END,
      locked_until = NULL, locked_by = NULL, status_code = g."statusCode", answer = g.answer, error = g.error
    FROM given g WHERE d.id = ANY(${outcomes.map((one) => one.id)}) AND d.id = g.id AND d.status = 'pending'
      AND (g.error IS NULL OR d.tries = g.tries)
    RETURNING d.endpoint_id, d.status_code
  )
  UPDATE webhook_endpoints e SET active = false, off_reason = 'it answered 410', updated_at = now()
  FROM told WHERE told.status_code = 410 AND e.id = told.endpoint_id AND e.active`;

const GONE = 410;

export type DelivererOptions = {
  /** for an answer */
  timeoutMs: number;
  /** of a delivery that failed; null: given up */
  retrySeconds: (tries: number) => number | null;
  resolve?: Resolve;
};

const fromEnv = (): DelivererOptions => {
  const { WEBHOOK_TIMEOUT_SECONDS, WEBHOOK_RETRY_COUNT } = getEnv();
  return {
    timeoutMs: WEBHOOK_TIMEOUT_SECONDS * 1000,
    retrySeconds: (tries) => retryDelaySeconds(tries, WEBHOOK_RETRY_COUNT),
  };
};

type UnderWay = { abort: AbortController; ended: Promise<void> };

/** The deliveries of one worker. `round` is called several times a second. */
export class Deliverer {
  readonly #id = newId("sender");
  readonly #options: DelivererOptions;
  readonly #underWay = new Map<string, UnderWay>();
  #round: Promise<void> | null = null;
  #isAskedAgain = false;
  #isStopped = false;

  constructor(options: DelivererOptions = fromEnv()) {
    this.#options = options;
  }

  /** Starts what is due, and tells that this sender lives. Calls that come meanwhile share one round after it. */
  async round(): Promise<void> {
    if (this.#round) {
      this.#isAskedAgain = true;
      return this.#round;
    }
    this.#round = this.#rounds().finally(() => {
      this.#round = null;
    });
    return this.#round;
  }

  async #rounds(): Promise<void> {
    do {
      this.#isAskedAgain = false;
      await this.#claim();
    } while (this.#isAskedAgain && !this.#isStopped);
  }

  async #claim(): Promise<void> {
    if (this.#isStopped) return;
    const underWay = this.#underWay.size;
    const sender = { id: this.#id, timeoutMs: this.#options.timeoutMs, underWay };
    const claimed = await claimDue(sender, UNDER_WAY_AT_MOST - underWay);
    // Stopped meanwhile: their claims run out, and another worker takes them.
    if (this.#isStopped) return;
    for (const one of claimed) {
      const abort = new AbortController();
      const ended = this.#deliver(one, abort)
        .catch((error: unknown) => {
          log.warn(
            { deliveryId: one.id, error: error instanceof Error ? error.message : String(error) },
            "the outcome of a webhook was not recorded; it is sent again",
          );
          return false;
        })
        .then((isRecorded) => {
          if (this.#underWay.get(one.id)?.abort === abort) this.#underWay.delete(one.id);
          // A connection of the receiver is free. What fails here fails in the next regular round, too, and is logged there.
          if (isRecorded && !this.#isStopped) this.round().catch(() => {});
        });
      this.#underWay.set(one.id, { abort, ended });
    }
  }

  /** @returns whether the outcome counts: not when the worker stopped in the middle */
  async #deliver(one: Claimed, abort: AbortController): Promise<boolean> {
    const sent = await this.#send(one, abort);
    if (this.#isStopped && sent.statusCode === null) return false;
    const retrySeconds = sent.error === null || sent.statusCode === GONE ? null : this.#options.retrySeconds(one.tries);
    await record({ ...sent, id: one.id, tries: one.tries, retrySeconds });
    webhookDeliveries.inc({
      outcome: sent.error === null ? "delivered" : retrySeconds === null ? "failed" : "retried",
    });
    const about = { deliveryId: one.id, eventId: one.event_id, tries: one.tries, status: sent.statusCode };
    if (sent.error === null) log.debug(about, "webhook delivered");
    else log.info({ ...about, error: sent.error, retrySeconds }, "webhook failed");
    return true;
  }

  async #send(one: Claimed, abort: AbortController): Promise<Sent> {
    let secrets: string[];
    try {
      secrets = secretsOf(one);
    } catch {
      const error = "the secret cannot be read: WEBHOOK_SECRET_KEY is another one; rotate the endpoint's secret";
      return { statusCode: null, answer: null, error };
    }
    const headers = signedHeaders(one.event_id, Math.floor(Date.now() / 1000), one.body, secrets);
    const { timeoutMs, resolve } = this.#options;
    return sendOnce({ url: one.url, body: one.body, headers }, timeoutMs, abort, resolve);
  }

  /** Nothing new is sent; what has no answer yet is broken off, and sent again by another worker once this one is not heard of. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const { abort } of this.#underWay.values()) abort.abort();
    await Promise.all([this.#round?.catch(() => {}), ...[...this.#underWay.values()].map((one) => one.ended)]);
  }
}

const secretsOf = ({ endpoint_id: endpointId, user_id: userId, secret, old_secret: oldSecret }: Claimed): string[] => {
  if (endpointId === null) return [taskSecret(userId)];
  return [secret, oldSecret].flatMap((sealed) => (sealed === null ? [] : [openSecret(sealed, endpointId)]));
};

const RECORD_AGAIN_MS = 1000;

/** Outcomes that come while a statement is under way go together into the next one. */
const recordTogether = coalesce<Outcome, true>(
  async (outcomes) => {
    await recordStatement(getSql(), outcomes);
    return outcomes.map(() => true);
  },
  { maxUnderWay: 1, maxItems: 200 },
);

/** In an outage once more: what was delivered should not be sent again only since PostgreSQL was restarting. */
const record = async (outcome: Outcome): Promise<void> => {
  try {
    await recordTogether(outcome);
  } catch (error) {
    if (!isOutage(error)) throw error;
    await new Promise((done) => setTimeout(done, RECORD_AGAIN_MS));
    await recordTogether(outcome);
  }
};

/** The log of deliveries goes back so far; what still waits then for an endpoint that is off goes with it, and nothing else that waits. */
export const KEEP_DAYS = 7;
const PURGE_AT_ONCE = 5000;

/** Deletes old deliveries, and the events that no delivery needs any more. @returns how many deliveries */
export const purgeWebhooks = async (): Promise<number> => {
  const sql = getSql();
  let purged = 0;
  for (;;) {
    const gone = await sql`
      DELETE FROM webhook_deliveries WHERE id IN (
        SELECT d.id FROM webhook_deliveries d WHERE d.created_at < now() - make_interval(days => ${KEEP_DAYS}) AND (d.status <> 'pending'
          OR d.endpoint_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM webhook_endpoints e WHERE e.id = d.endpoint_id AND e.active))
        ORDER BY d.created_at LIMIT ${PURGE_AT_ONCE})`;
    purged += gone.count;
    if (gone.count < PURGE_AT_ONCE) break;
  }
  await sql`DELETE FROM webhook_senders WHERE seen_at < now() - interval '1 hour'`;
  for (;;) {
    const gone = await sql`
      DELETE FROM webhook_events WHERE id IN (
        SELECT v.id FROM webhook_events v WHERE v.created_at < now() - make_interval(days => ${KEEP_DAYS})
          AND NOT EXISTS (SELECT 1 FROM webhook_deliveries d WHERE d.event_id = v.id) ORDER BY v.created_at LIMIT ${PURGE_AT_ONCE})`;
    if (gone.count < PURGE_AT_ONCE) return purged;
  }
};
