// The first account of a server: made once, whoever makes it.
import type { SqlLike } from "../platform/db";

/** Held by whoever makes it, so that two at once make one: two starts, a start and a browser, two browsers. */
export const FIRST_ACCOUNT_LOCK = 7_110_003;

export const hasAccount = async (sql: SqlLike): Promise<boolean> => {
  const [row] = await sql`SELECT 1 FROM users LIMIT 1`;
  return row !== undefined;
};
