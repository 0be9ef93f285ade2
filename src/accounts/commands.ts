// `npm run -s account -- …`: what its commands do and print.
import { randomBytes } from "node:crypto";
import { parseArgs } from "node:util";
import { getSql } from "../platform/db";
import { EnvError, getEnv } from "../platform/env";
import { isOutage } from "../platform/errors";
import { isKeyText, newApiKey, registerKey } from "./api-keys";
import { addUser, isEmail, listUsers, type Role, type Tier, type User } from "./users";

const USAGE = `Usage:
  account add EMAIL [--password TEXT] [--tier standard|premium] [--key TEXT]   make an account, print its API key
  account list                                                                show the accounts`;

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

const tierOf = (text: string | undefined): Tier => {
  if (text === undefined || text === "standard" || text === "premium") return text ?? "standard";
  throw new Refusal(`--tier is ${text}: it must be standard or premium.`, 2);
};

type NewAccount = { email: string; password: string; tier: Tier; role: Role; key: string };

/** Account and key together, or neither. */
const makeAccount = (account: NewAccount): Promise<User> =>
  getSql().begin(async (sql) => {
    const user = await addUser(account, sql);
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
    options: { password: { type: "string" }, tier: { type: "string" }, key: { type: "string" } },
  });
  const [email, ...more] = positionals;
  if (email === undefined) throw new Refusal("Which account? Give an EMAIL.", 2);
  if (more.length > 0) throw new Refusal(`One EMAIL at a time, not also ${more.join(" ")}.`, 2);
  if (!isEmail(email)) throw new Refusal(`${email} is not an email address.`, 2);
  if (values.password === "") throw new Refusal("--password must not be empty.", 2);
  if (values.key !== undefined && !isKeyText(values.key))
    throw new Refusal("--key must be 1 to 200 visible characters without spaces.", 2);
  const tier = tierOf(values.tier);
  const password = values.password ?? newPassword();
  const key = values.key ?? newApiKey();
  await makeAccount({ email, password, tier, role: "member", key });
  // The key stands alone on stdout, so that a script can take it.
  return { out: key, ...(values.password === undefined && { err: `Password: ${password}` }) };
};

const list = async (args: string[]): Promise<Printed> => {
  parseArgs({ args, options: {} });
  const users = await listUsers();
  const rows = [
    ["EMAIL", "TIER", "ROLE", "USER ID", "CREATED"],
    ...users.map((user) => [user.email, user.tier, user.role, user.userId, user.createdAt]),
  ];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  const lines = rows.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  return { out: lines.join("\n") };
};

/** So that two starts at once make one first account. */
const BOOTSTRAP_LOCK = 7_110_003;

/** BOOTSTRAP_EMAIL, BOOTSTRAP_PASSWORD and BOOTSTRAP_API_KEY, which only this command reads. */
export type Bootstrap = { email: string; password: string | undefined; key: string | undefined };

const bootstrapFromEnv = (): Bootstrap => {
  const { BOOTSTRAP_EMAIL: email, BOOTSTRAP_PASSWORD: password, BOOTSTRAP_API_KEY: key } = getEnv();
  return { email, password, key };
};

/** Makes the first account if there is none, and registers BOOTSTRAP_API_KEY for the first one. Prints one JSON line. */
const bootstrap = async ({ email, password, key }: Bootstrap): Promise<Printed> => {
  const outcome = await getSql().begin(async (sql) => {
    await sql`SELECT pg_advisory_xact_lock(${BOOTSTRAP_LOCK})`;
    const [first] = await listUsers(sql);
    if (!first) {
      if (!isEmail(email)) throw new Refusal(`BOOTSTRAP_EMAIL=${email} is wrong: it is not an email address.`, 2);
      if (!password) throw new Refusal("BOOTSTRAP_PASSWORD is not set: the first account needs a password.", 2);
      const user = await addUser({ email, password, tier: "standard", role: "admin" }, sql);
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
    case "list":
      return list(args);
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
