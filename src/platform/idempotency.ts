// Idempotency-Key: the first answer again, and nothing created twice.
import { createHash } from "node:crypto";
import { getSql, type SqlLike } from "./db";
import { badField, DomainError } from "./errors";

/** An answer as it is kept and given again. */
export type KeptAnswer = { status: number; text: string };

/** For answers that must not lie in the database as they are. @param owner who may open it: another one's does not open */
export type Keeping = {
  seal: (text: string, owner: string) => string;
  open: (sealed: string, owner: string) => string;
};

const asItIs: Keeping = { seal: (text) => text, open: (text) => text };

const MAX_KEY_LENGTH = 255;

/** @throws INVALID_REQUEST for a key that is too long */
export const checkIdempotencyKey = (key: string): string => {
  if (key.length > MAX_KEY_LENGTH) throw badField("Idempotency-Key", "atMostCharacters", { limit: MAX_KEY_LENGTH });
  return key;
};

/** What makes a request the same: its method, its path and its body. */
export const requestHash = (method: string, path: string, body: Buffer): string =>
  createHash("sha256").update(`${method} ${path}\n`).update(body).digest("hex");

/**
 * Answers a request that carries a key: as the first time if there was one within 24 h, else by creating.
 *
 * The lock is tried, not waited for: a second request while the first is under way is refused. What is created and the
 * answer that is kept are committed together; a refusal rolls both back, so that only 2xx answers are ever kept.
 *
 * @throws CONFLICT for another request with the same key, or while the first is under way; what `create` throws
 */
export const answerOnce = async (
  request: { userId: string; key: string; hash: string },
  create: (sql: SqlLike) => Promise<{ answer: KeptAnswer; announce: () => Promise<void> }>,
  { seal, open }: Keeping = asItIs,
): Promise<KeptAnswer> => {
  const { userId, key, hash } = request;
  const owner = `${userId} ${key}`;
  const outcome = await getSql().begin(async (sql) => {
    const [lock] = await sql<
      { got: boolean }[]
    >`SELECT pg_try_advisory_xact_lock(hashtextextended(${owner}, 7110020)) AS got`;
    if (!lock?.got) throw new DomainError("CONFLICT", "idempotencyBusy", { retryAfterSeconds: 1 });
    const [kept] = await sql<{ request_hash: string; status: number; response: string }[]>`
      SELECT request_hash, status, response FROM idempotency_keys
      WHERE user_id = ${userId} AND key = ${key} AND created_at > now() - interval '24 hours'`;
    if (kept && kept.request_hash !== hash) throw new DomainError("CONFLICT", "idempotencyMismatch");
    if (kept) return { answer: { status: kept.status, text: open(kept.response, owner) }, announce: async () => {} };
    const made = await create(sql);
    await sql`
      INSERT INTO idempotency_keys (user_id, key, request_hash, status, response)
      VALUES (${userId}, ${key}, ${hash}, ${made.answer.status}, ${seal(made.answer.text, owner)})
      ON CONFLICT (user_id, key) DO UPDATE SET request_hash = excluded.request_hash, status = excluded.status,
        response = excluded.response, created_at = now()`;
    return made;
  });
  await outcome.announce();
  return outcome.answer;
};

/** Answers are given again for so long. */
export const KEEP_HOURS = 24;

/** Forgets older answers. @returns how many */
export const purgeIdempotencyKeys = async (): Promise<number> => {
  const gone =
    await getSql()`DELETE FROM idempotency_keys WHERE created_at < now() - make_interval(hours => ${KEEP_HOURS})`;
  return gone.count;
};
