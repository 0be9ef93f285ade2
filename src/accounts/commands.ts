// `npm run -s account -- …`: what its commands do and print.
import { randomBytes } from "node:crypto";
import { parseArgs } from "node:util";
import { getSql } from "../platform/db";
import { EnvError, getEnv } from "../platform/env";
import { DomainError, isOutage } from "../platform/errors";
import { createKey, listKeys, registerKey, revokeKey } from "./api-keys";
import { changeAccount } from "./change-account";
import { FIRST_ACCOUNT_LOCK, hasAccount } from "./first-account";
import { isKeyText, isMistyped, newApiKey } from "./key-text";
import { ROLES, type Role } from "./roles";
import { ALL, SCOPES } from "./scopes";
import { addUser, findByEmail, isEmail, listUsers, TIERS, type Tier, type User } from "./users";

const USAGE = `Usage:
  account add EMAIL [--password TEXT] [--tier standard|premium] [--role owner|member|viewer] [--key TEXT]
                                                                              make an account, print its API key
  account role EMAIL owner|member|viewer                                      give an account another role, within seconds
  account list                                                                show the accounts
  account key add EMAIL --name TEXT [--scopes read,run,write,admin] [--days N]   make another key, print it once; * may do all
  account key list EMAIL                                                      show an account's keys
  account key revoke EMAIL KEY_ID                                             take a key back, within seconds`;

/** A wrong argument: its sentence is printed and the exit code is 2; a refusal (an address in use) has 1. */
class Refusal extends Error {
  constructor(
    message: string,
    readonly exitCode: 1 | 2,
  ) {
    super(message);
  }
}

const newPassword = (): string => randomBytes(12).toString("base64url");

const tierOf = (text = "standard"): Tier => {
  const tier = TIERS.find((one) => one === text);
  if (tier === undefined) throw new Refusal(`--tier is ${text}: it must be standard or premium.`, 2);
  return tier;
};

const roleOf = (text: string, name: string): Role => {
  const role = ROLES.find((one) => one === text);
  if (role === undefined) throw new Refusal(`${name} is ${text}: it must be owner, member or viewer.`, 2);
  return role;
};

/** Registered, it could never be used. */
const mistyped = (name: string, exitCode: 1 | 2): Refusal =>
  new Refusal(
    `${name} looks like a key of MLQueue, but its last 6 characters, a checksum, do not fit: a letter is wrong.`,
    exitCode,
  );

type NewAccount = { email: string; password: string; tier: Tier; role: Role | undefined; key: string };

/** Account and key together, or neither. The first account of a server is an owner: nobody else could make one of it. */
const makeAccount = (account: NewAccount): Promise<User> =>
  getSql().begin(async (sql) => {
    await sql`SELECT pg_advisory_xact_lock(${FIRST_ACCOUNT_LOCK})`;
    const role = account.role ?? ((await hasAccount(sql)) ? "member" : "owner");
    const user = await addUser({ ...account, role }, sql);
    if (!user) throw new Refusal(`There is an account for ${account.email} already.`, 1);
    if ((await registerKey({ userId: user.userId, key: account.key, name: "first key" }, sql)) !== "registered")
      throw new Refusal("This key belongs to another account.", 1);
    return user;
  });

/** What a command prints: `out` is for scripts, `err` for people. */
type Printed = { out: string; err?: string };

const add = async (args: string[]): Promise<Printed> => {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      ...{ password: { type: "string" }, tier: { type: "string" }, role: { type: "string" }, key: { type: "string" } },
    },
  });
  const [email, ...more] = positionals;
  if (email === undefined) throw new Refusal("Which account? Give an EMAIL.", 2);
  if (more.length > 0) throw new Refusal(`One EMAIL at a time, not also ${more.join(" ")}.`, 2);
  if (!isEmail(email)) throw new Refusal(`${email} is not an email address.`, 2);
  if (values.password === "") throw new Refusal("--password must not be empty.", 2);
  if (values.key !== undefined && !isKeyText(values.key))
    throw new Refusal("--key must be 1 to 200 visible characters without spaces.", 2);
  if (values.key !== undefined && isMistyped(values.key)) throw mistyped("--key", 2);
  const tier = tierOf(values.tier);
  const role = values.role === undefined ? undefined : roleOf(values.role, "--role");
  const password = values.password ?? newPassword();
  const key = values.key ?? newApiKey();
  await makeAccount({ email, password, tier, role, key });
  // The key stands alone on stdout, so that a script can take it.
  return { out: key, ...(values.password === undefined && { err: `Password: ${password}` }) };
};

const list = async (args: string[]): Promise<Printed> => {
  parseArgs({ args, options: {} });
  const users = await listUsers();
  return table([
    ["EMAIL", "TIER", "ROLE", "USER ID", "CREATED", "OFF SINCE"],
    ...users.map((user) => [user.email, user.tier, user.role, user.userId, user.createdAt, user.offSince ?? ""]),
  ]);
};

const setRole = async (args: string[]): Promise<Printed> => {
  const { positionals } = parseArgs({ args, allowPositionals: true, options: {} });
  const [email, role] = positionals;
  const { userId } = await accountOf(email);
  if (role === undefined) throw new Refusal("Which role? Give owner, member or viewer.", 2);
  const changed = await refusing(changeAccount(userId, { role: roleOf(role, "ROLE") }));
  return { out: changed.role };
};

/** What a verb refuses is said as a sentence. */
const refusing = <T>(done: Promise<T>): Promise<T> =>
  done.catch((error: unknown) => {
    throw error instanceof DomainError ? new Refusal(error.message, 1) : error;
  });

const table = (rows: string[][]): Printed => {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  return { out: lines.join("\n") };
};

const accountOf = async (email: string | undefined): Promise<User> => {
  if (email === undefined) throw new Refusal("Which account? Give its EMAIL.", 2);
  const user = await findByEmail(email);
  if (!user) throw new Refusal(`There is no account for ${email}.`, 1);
  return user;
};

const scopesOf = (text: string): string[] => {
  const scopes = text.split(",").map((scope) => scope.trim());
  const unknown = scopes.find((scope) => scope !== ALL && !SCOPES.some((one) => one === scope));
  if (unknown !== undefined)
    throw new Refusal(`--scopes has ${unknown || "an empty one"}: there are ${SCOPES.join(", ")} and ${ALL}.`, 2);
  return scopes;
};

const daysOf = (text: string | undefined): number | undefined => {
  if (text === undefined) return undefined;
  const days = Number(text);
  if (!Number.isInteger(days) || days < 1 || days > 36_500)
    throw new Refusal(`--days is ${text}: it must be a whole number from 1 to 36500.`, 2);
  return days;
};

const addKey = async (args: string[]): Promise<Printed> => {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { name: { type: "string" }, scopes: { type: "string" }, days: { type: "string" } },
  });
  const name = values.name?.trim() ?? "";
  if (name === "" || name.length > 200)
    throw new Refusal("What is the key for? Give a --name of 1 to 200 characters.", 2);
  const scopes = scopesOf(values.scopes ?? ALL);
  const days = daysOf(values.days);
  const { userId } = await accountOf(positionals[0]);
  const expiresAt = days === undefined ? undefined : new Date(Date.now() + days * 86_400_000).toISOString();
  const made = await refusing(createKey(userId, { name, scopes, expiresAt }));
  return { out: made.key, err: `Key ${made.keyId}, shown this once. Scopes: ${made.scopes.join(", ")}.` };
};

const showKeys = async (args: string[]): Promise<Printed> => {
  const { positionals } = parseArgs({ args, allowPositionals: true, options: {} });
  const keys = await listKeys((await accountOf(positionals[0])).userId);
  return table([
    ["KEY ID", "BEGINS", "SCOPES", "EXPIRES", "LAST USED", "NAME"],
    ...keys.map((key) => [
      ...[key.keyId, key.prefix, key.scopes.join(","), key.expiresAt ?? "never", key.lastUsedAt ?? "never", key.name],
    ]),
  ]);
};

const revoke = async (args: string[]): Promise<Printed> => {
  const { positionals } = parseArgs({ args, allowPositionals: true, options: {} });
  const [email, keyId] = positionals;
  const { userId } = await accountOf(email);
  if (keyId === undefined) throw new Refusal("Which key? Give its KEY_ID, as `account key list` shows it.", 2);
  await refusing(revokeKey(userId, { keyId }));
  return { out: keyId };
};

const keyCommand = async ([command, ...args]: string[]): Promise<Printed> => {
  switch (command) {
    case "add":
      return addKey(args);
    case "list":
      return showKeys(args);
    case "revoke":
      return revoke(args);
    default:
      throw new Refusal(command === undefined ? USAGE : `There is no command key ${command}.\n${USAGE}`, 2);
  }
};

/** BOOTSTRAP_EMAIL, BOOTSTRAP_PASSWORD and BOOTSTRAP_API_KEY, which only this command reads. */
export type Bootstrap = { email: string; password: string | undefined; key: string | undefined };

const bootstrapFromEnv = (): Bootstrap => {
  const { BOOTSTRAP_EMAIL: email, BOOTSTRAP_PASSWORD: password, BOOTSTRAP_API_KEY: key } = getEnv();
  return { email, password, key };
};

/** Makes the first account if there is none, and registers BOOTSTRAP_API_KEY for the first one. Prints one JSON line. */
const bootstrap = async ({ email, password, key }: Bootstrap): Promise<Printed> => {
  if (key !== undefined && isMistyped(key)) throw mistyped("BOOTSTRAP_API_KEY", 1);
  const outcome = await getSql().begin(async (sql) => {
    await sql`SELECT pg_advisory_xact_lock(${FIRST_ACCOUNT_LOCK})`;
    const [first] = await listUsers(sql);
    if (!first) {
      if (!isEmail(email)) throw new Refusal(`BOOTSTRAP_EMAIL=${email} is wrong: it is not an email address.`, 2);
      if (!password) throw new Refusal("BOOTSTRAP_PASSWORD is not set: the first account needs a password.", 2);
      const user = await addUser({ email, password, tier: "standard", role: "owner" }, sql);
      if (!user) throw new Error("The first account was made by somebody else.");
      const apiKey = key ?? newApiKey();
      await registerKey({ userId: user.userId, key: apiKey, name: "first key" }, sql);
      return { email: user.email, apiKey, created: true };
    }
    const registered =
      key === undefined ? null : await registerKey({ userId: first.userId, key, name: "BOOTSTRAP_API_KEY" }, sql);
    if (registered === "taken")
      throw new Refusal("BOOTSTRAP_API_KEY belongs to another account than the first one.", 1);
    return { email: first.email, apiKey: registered === "registered" ? (key ?? null) : null, created: false };
  });
  return { out: JSON.stringify(outcome) };
};

const run = async ([command, ...args]: string[], first: () => Bootstrap): Promise<Printed> => {
  switch (command) {
    case "add":
      return add(args);
    case "role":
      return setRole(args);
    case "list":
      return list(args);
    case "key":
      return keyCommand(args);
    case "bootstrap":
      return bootstrap(first());
    case "help":
    case "--help":
      return { out: USAGE };
    default:
      throw new Refusal(command === undefined ? USAGE : `There is no command ${command}.\n${USAGE}`, 2);
  }
};

const isArgumentError = (error: unknown): error is Error =>
  error instanceof Error && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS");

const explain = (error: unknown): { code: number; err: string } => {
  if (error instanceof Refusal) return { code: error.exitCode, err: error.message };
  if (isArgumentError(error)) return { code: 2, err: `${error.message}\n${USAGE}` };
  if (error instanceof EnvError) return { code: 1, err: error.message };
  if (isOutage(error))
    return { code: 1, err: "PostgreSQL cannot be reached: is it running, and is DATABASE_URL right?" };
  if (error instanceof Error && "code" in error && error.code === "42P01")
    return { code: 1, err: "The database has no tables yet: run `npm run migrate`." };
  return { code: 1, err: error instanceof Error ? (error.stack ?? error.message) : String(error) };
};

/** Runs one command. Whatever goes wrong is a sentence in `err` and a code that is not 0. */
export const accountCommand = async (
  args: string[],
  first: () => Bootstrap = bootstrapFromEnv,
): Promise<{ code: number; out?: string; err?: string }> => {
  try {
    return { code: 0, ...(await run(args, first)) };
  } catch (error) {
    return explain(error);
  }
};
