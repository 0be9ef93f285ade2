import { sql } from "drizzle-orm";
import { check, index, pgTable, primaryKey, text, uniqueIndex } from "drizzle-orm/pg-core";
import { idText, instant } from "../platform/columns";

/** The account: what `user_id` names everywhere. */
export const users = pgTable(
  "users",
  {
    id: idText("id").primaryKey(),
    email: text("email").notNull(),
    tier: text("tier").notNull().default("standard"),
    /** `admin` stands for an owner: the word that servers of the version before know, and they may run beside this one. */
    role: text("role").notNull().default("member"),
    /** null for an account that may sign in with an identity or an invitation alone */
    passwordHash: text("password_hash"),
    createdAt: instant("created_at").notNull().defaultNow(),
    /** when the account was switched off */
    disabledAt: instant("disabled_at"),
  },
  (t) => [uniqueIndex("users_email").on(t.email), check("users_role", sql`${t.role} IN ('admin','member','viewer')`)],
);

/** The one link that lets somebody set the account's password: made by an owner, used once. */
export const invitations = pgTable("invitations", {
  userId: idText("user_id").primaryKey(),
  /** SHA-256 of the link's token, hex */
  hash: text("hash").notNull(),
  expiresAt: instant("expires_at").notNull(),
});

/** Who an account is at a provider that people sign in with. */
export const identities = pgTable(
  "identities",
  {
    /** `github`, or `oidc:` and the issuer */
    provider: text("provider").notNull(),
    subject: text("subject").notNull(),
    userId: idText("user_id").notNull(),
    createdAt: instant("created_at").notNull().defaultNow(),
  },
  (t) => [primaryKey({ columns: [t.provider, t.subject] }), index("identities_user").on(t.userId)],
);

export const apiKeys = pgTable(
  "api_keys",
  {
    id: idText("id").primaryKey(),
    userId: idText("user_id").notNull(),
    name: text("name").notNull(),
    /** `v1:` and the key's HMAC-SHA-256, hex; of a key from before: its SHA-256. The key itself is kept nowhere. */
    hash: text("hash").notNull(),
    /** A SHA-256 is replaced at the first use after this: until then servers of the version before may still look it up. */
    keyedAfter: instant("keyed_after").notNull().default(sql`now() + interval '1 hour'`),
    prefix: text("prefix").notNull(),
    scopes: text("scopes").array().notNull(),
    createdAt: instant("created_at").notNull().defaultNow(),
    expiresAt: instant("expires_at"),
    lastUsedAt: instant("last_used_at"),
  },
  (t) => [uniqueIndex("api_keys_hash").on(t.hash), index("api_keys_user").on(t.userId)],
);

/** Sign-ins of browsers, so that they can be listed and ended; the session token carries the id as `sid`. */
export const signIns = pgTable(
  "sign_ins",
  {
    id: idText("id").primaryKey(),
    userId: idText("user_id").notNull(),
    createdAt: instant("created_at").notNull().defaultNow(),
    expiresAt: instant("expires_at").notNull(),
    endedAt: instant("ended_at"),
  },
  (t) => [index("sign_ins_user").on(t.userId)],
);
