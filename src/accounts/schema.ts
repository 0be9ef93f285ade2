import { index, pgTable, text, uniqueIndex } from "drizzle-orm/pg-core";
import { idText, instant } from "../platform/columns";

/** The account: what `user_id` names everywhere. */
export const users = pgTable(
  "users",
  {
    id: idText("id").primaryKey(),
    email: text("email").notNull(),
    tier: text("tier").notNull().default("standard"),
    role: text("role").notNull().default("member"),
    passwordHash: text("password_hash"),
    createdAt: instant("created_at").notNull().defaultNow(),
  },
  (t) => [uniqueIndex("users_email").on(t.email)],
);

export const apiKeys = pgTable(
  "api_keys",
  {
    id: idText("id").primaryKey(),
    userId: idText("user_id").notNull(),
    name: text("name").notNull(),
    /** SHA-256 of the key, hex. The key itself is kept nowhere. */
    hash: text("hash").notNull(),
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
