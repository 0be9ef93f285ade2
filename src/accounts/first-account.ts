// The first account of a server: made once, whoever makes it. Where neither `npm start` nor the command line did, it is made in
// a browser by whoever can read the server's log.
import { hkdfSync, timingSafeEqual } from "node:crypto";
import { getSql, type SqlLike } from "../platform/db";
import { getEnv } from "../platform/env";
import { badField, DomainError } from "../platform/errors";
import { addUser, isEmail } from "./users";

/** Held by whoever makes it, so that two at once make one: two starts, a start and a browser, two browsers. */
export const FIRST_ACCOUNT_LOCK = 7_110_003;

export const hasAccount = async (sql: SqlLike): Promise<boolean> => {
  const [row] = await sql`SELECT 1 FROM users LIMIT 1`;
  return row !== undefined;
};

let wasSetUp = false;

/** Whether there is an account. Once there is one there always is: accounts are switched off, not deleted. */
export const isSetUp = async (): Promise<boolean> => {
  wasSetUp ||= await hasAccount(getSql());
  return wasSetUp;
};

const tokenBytes = (): Buffer => Buffer.from(hkdfSync("sha256", getEnv().JWT_SECRET, "mlqueue", "set-up token", 24));

/** What the web server tells in its log. Made from JWT_SECRET, so that all web servers of a deployment tell the same. */
export const setUpToken = (): string => tokenBytes().toString("base64url");

const isSetUpToken = (token: string): boolean => {
  const given = Buffer.from(token, "base64url");
  const wanted = tokenBytes();
  return given.length === wanted.length && timingSafeEqual(given, wanted);
};

/**
 * Makes the first account, an owner. Of two at once one does.
 * @throws NOT_FOUND once there is an account; FORBIDDEN for another token; INVALID_REQUEST for what is no address
 */
export const setUp = async (input: { token: string; email: string; password: string }): Promise<{ email: string }> => {
  if (await isSetUp()) throw new DomainError("NOT_FOUND", "wasSetUp");
  if (!isSetUpToken(input.token.trim())) throw new DomainError("FORBIDDEN", "setUpToken");
  if (!isEmail(input.email.trim())) throw badField("email", "email");
  return getSql().begin(async (sql) => {
    await sql`SELECT pg_advisory_xact_lock(${FIRST_ACCOUNT_LOCK})`;
    if (await hasAccount(sql)) throw new DomainError("NOT_FOUND", "wasSetUp");
    const user = await addUser({ email: input.email, password: input.password, tier: "standard", role: "owner" }, sql);
    if (!user) throw new Error("The first account was made by somebody else.");
    return { email: user.email };
  });
};
