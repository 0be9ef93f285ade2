// API keys: kept as a keyed hash only, found by looking the text up, whatever it looks like.
import { recordActivity } from "../activity/record";
import { getSql, type SqlLike } from "../platform/db";
import { badField, DomainError } from "../platform/errors";
import { newId } from "../platform/ids";
import { log } from "../platform/log";
import { BriefCache } from "./brief-cache";
import { isMistyped, keyedHash, keyedHashes, MAX_KEY_LENGTH, newApiKey, plainHash } from "./key-text";
import { roleAllows } from "./roles";
import { ALL, SCOPES } from "./scopes";
import { findUser } from "./users";

/** What a key may do that was registered without saying so. */
const ALL_SCOPES = [ALL];

export type ApiKey = {
  keyId: string;
  name: string;
  /** its first characters, so that its owner knows it again */
  prefix: string;
  scopes: string[];
  createdAt: string;
  expiresAt: string | null;
  /** to the minute */
  lastUsedAt: string | null;
};

type KeyRow = {
  id: string;
  name: string;
  prefix: string;
  scopes: string[];
  created_at: Date;
  expires_at: Date | null;
  last_used_at: Date | null;
};

const toKey = (row: KeyRow): ApiKey => ({
  keyId: row.id,
  name: row.name,
  prefix: row.prefix,
  scopes: row.scopes,
  createdAt: row.created_at.toISOString(),
  expiresAt: row.expires_at?.toISOString() ?? null,
  lastUsedAt: row.last_used_at?.toISOString() ?? null,
});

/**
 * Makes a key of the account.
 * @returns also the key itself, which is kept nowhere: this is the only time that it can be read
 * @throws INVALID_REQUEST for an expiry that is past; FORBIDDEN for a scope that the account's role lacks
 */
export const createKey = async (
  userId: string,
  input: { name: string; scopes: string[]; expiresAt?: string | undefined },
): Promise<ApiKey & { key: string }> => {
  if (input.expiresAt !== undefined && Date.parse(input.expiresAt) <= Date.now())
    throw badField("expiresAt", "inFuture");
  await refuseMoreThanRole(userId, input.scopes);
  const key = newApiKey();
  const row = await getSql().begin(async (sql) => {
    const [made] = await sql<KeyRow[]>`
      INSERT INTO api_keys (id, user_id, name, hash, prefix, scopes, expires_at)
      VALUES (${newId("key")}, ${userId}, ${input.name}, ${keyedHash(key)}, ${key.slice(0, 8)}, ${[...new Set(input.scopes)]}, ${input.expiresAt ?? null})
      RETURNING id, name, prefix, scopes, created_at, expires_at, last_used_at`;
    if (!made) throw new Error("The insert returned no row.");
    const details = { name: made.name, scopes: made.scopes };
    await recordActivity(sql, userId, { verb: "key.created", objectId: made.id, details });
    return made;
  });
  return { ...toKey(row), key };
};

/** A key could not do more than its account anyway; whoever makes it should know. */
const refuseMoreThanRole = async (userId: string, scopes: string[]): Promise<void> => {
  const role = (await findUser(userId))?.role;
  if (role === undefined) return;
  const lacking = SCOPES.find((scope) => (scopes.includes(ALL) || scopes.includes(scope)) && !roleAllows(role, scope));
  if (lacking !== undefined) throw new DomainError("FORBIDDEN", "roleLacks", { params: { role, scope: lacking } });
};

/** The account's keys, also expired ones, newest first. */
export const listKeys = async (userId: string): Promise<ApiKey[]> => {
  const rows = await getSql()<KeyRow[]>`
    SELECT id, name, prefix, scopes, created_at, expires_at, last_used_at FROM api_keys
    WHERE user_id = ${userId} ORDER BY created_at DESC, id DESC`;
  return rows.map(toKey);
};

/**
 * Takes a key back. It, and tokens that were made with it, work for 2 s more at most, in every process.
 * @throws NOT_FOUND, also for another account's key
 */
export const revokeKey = async (userId: string, { keyId }: { keyId: string }): Promise<void> => {
  await getSql().begin(async (sql) => {
    const [gone] = await sql<{ name: string }[]>`
      DELETE FROM api_keys WHERE id = ${keyId} AND user_id = ${userId} RETURNING name`;
    if (!gone) throw new DomainError("NOT_FOUND", "keyNotFound", { params: { id: keyId } });
    await recordActivity(sql, userId, { verb: "key.revoked", objectId: keyId, details: { name: gone.name } });
  });
};

/**
 * Registers a text as a key of the account.
 * @returns `present` when it is this account's key already, `taken` when it is another one's
 */
export const registerKey = async (
  input: { userId: string; key: string; name: string },
  sql: SqlLike = getSql(),
): Promise<"registered" | "present" | "taken"> => {
  const hashes = [...keyedHashes(input.key), plainHash(input.key)];
  const made = await sql`
    INSERT INTO api_keys (id, user_id, name, hash, prefix, scopes)
    SELECT ${newId("key")}, ${input.userId}, ${input.name}, ${keyedHash(input.key)}, ${input.key.slice(0, Math.min(8, input.key.length / 2))}, ${ALL_SCOPES}
    WHERE NOT EXISTS (SELECT 1 FROM api_keys WHERE hash = ANY(${hashes})) ON CONFLICT (hash) DO NOTHING`;
  if (made.count > 0) return "registered";
  const [row] = await sql<{ user_id: string }[]>`SELECT user_id FROM api_keys WHERE hash = ANY(${hashes})`;
  return row?.user_id === input.userId ? "present" : "taken";
};

type FoundKey = { id: string; userId: string; scopes: string[]; prefix: string };

const found = new BriefCache<FoundKey>(async (key) => {
  const [wanted, ...others] = keyedHashes(key);
  const plain = plainHash(key);
  const [row] = await getSql()<
    { id: string; user_id: string; scopes: string[]; prefix: string; hash: string; is_due: boolean }[]
  >`
    SELECT id, user_id, scopes, prefix, hash, keyed_after <= now() AS is_due FROM api_keys
    WHERE hash = ANY(${[wanted, ...others, plain]}) AND (expires_at IS NULL OR expires_at > now())`;
  if (!row) return null;
  if (row.hash !== wanted && (row.hash !== plain || row.is_due)) keepAnew(row.id, row.hash, wanted);
  return { id: row.id, userId: row.user_id, scopes: row.scopes, prefix: row.prefix };
}, 2000);

/** Replaces a hash from before, plain or with an older secret, beside the request that used the key. */
const keepAnew = (id: string, old: string, wanted: string): void => {
  void getSql()`UPDATE api_keys SET hash = ${wanted} WHERE id = ${id} AND hash = ${old}`.catch((error: Error) => {
    log.debug({ keyId: id, error: error.message }, "the hash of a key was not replaced yet");
  });
};

/** Whose key this is. A key that was taken back works for 2 s more at most; one that is mistyped costs no look-up. */
export const findKey = async (key: string): Promise<FoundKey | null> => {
  if (key.length > MAX_KEY_LENGTH || isMistyped(key)) return null;
  const row = await found.get(key);
  if (row) noteUse(row.id);
  return row;
};

const live = new BriefCache<true>(async (keyId) => {
  const [row] = await getSql()`
    SELECT 1 FROM api_keys WHERE id = ${keyId} AND (expires_at IS NULL OR expires_at > now())`;
  return row ? true : null;
}, 2000);

/** Whether a key is there and has not expired; what ended less than 2 s ago may still count. */
export const isKeyLive = async (keyId: string): Promise<boolean> => (await live.get(keyId)) === true;

const USE_NOTED_EVERY_MS = 60_000;
const notedAt = new Map<string, number>();

/** Writes `last_used_at` at most once a minute, beside the request that used the key. */
const noteUse = (id: string): void => {
  const now = Date.now();
  if (now - (notedAt.get(id) ?? 0) < USE_NOTED_EVERY_MS) return;
  notedAt.set(id, now);
  void getSql()`UPDATE api_keys SET last_used_at = now() WHERE id = ${id}`.catch((error: Error) => {
    log.debug({ keyId: id, error: error.message }, "the use of a key was not noted");
  });
};
