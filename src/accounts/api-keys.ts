// API keys: kept as SHA-256 only, found by looking the text up, whatever it looks like.
import { createHash } from "node:crypto";
import { customAlphabet } from "nanoid";
import { getSql, type SqlLike } from "../platform/db";
import { newId } from "../platform/ids";
import { log } from "../platform/log";
import { BriefCache } from "./brief-cache";

const letters = customAlphabet("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz", 40);

/** A key that we make: 238 random bits. */
export const newApiKey = (): string => `mlq_${letters()}`;

export const MAX_KEY_LENGTH = 200;

/** Any visible text of 1 to 200 characters may be registered (REST contract). */
export const isKeyText = (text: string): boolean => /^[\x21-\x7e]{1,200}$/.test(text);

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");

/** What a key may do. Until keys can be restricted, every key may do everything. */
const ALL_SCOPES = ["*"];

/**
 * Registers a text as a key of the account.
 * @returns `present` when it is this account's key already, `taken` when it is another one's
 */
export const registerKey = async (
  input: { userId: string; key: string; name: string },
  sql: SqlLike = getSql(),
): Promise<"registered" | "present" | "taken"> => {
  const hash = sha256(input.key);
  const made = await sql`
    INSERT INTO api_keys (id, user_id, name, hash, prefix, scopes)
    VALUES (${newId("key")}, ${input.userId}, ${input.name}, ${hash}, ${input.key.slice(0, Math.min(8, input.key.length / 2))}, ${ALL_SCOPES})
    ON CONFLICT (hash) DO NOTHING`;
  if (made.count > 0) return "registered";
  const [row] = await sql<{ user_id: string }[]>`SELECT user_id FROM api_keys WHERE hash = ${hash}`;
  return row?.user_id === input.userId ? "present" : "taken";
};

type FoundKey = { id: string; userId: string; scopes: string[] };

const found = new BriefCache<FoundKey>(async (key) => {
  const [row] = await getSql()<{ id: string; user_id: string; scopes: string[] }[]>`
    SELECT id, user_id, scopes FROM api_keys WHERE hash = ${sha256(key)} AND (expires_at IS NULL OR expires_at > now())`;
  return row ? { id: row.id, userId: row.user_id, scopes: row.scopes } : null;
}, 2000);

/** Whose key this is. A key that was taken back works for 2 s more at most. */
export const findKey = async (key: string): Promise<FoundKey | null> => {
  if (key.length > MAX_KEY_LENGTH) return null;
  const row = await found.get(key);
  if (row) noteUse(row.id);
  return row;
};

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
