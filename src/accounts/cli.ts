// `npm run -s account -- …`: accounts from the command line.
import { randomBytes } from "node:crypto";
import { parseArgs } from "node:util";
import { closeDb, getSql } from "../platform/db";
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

const add = async (args: string[]): Promise<void> => {
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
  if (values.password === undefined) console.error(`Password: ${password}`);
  console.log(key);
};

const list = async (args: string[]): Promise<void> => {
  parseArgs({ args, options: {} });
  const users = await listUsers();
  const rows = [
    ["EMAIL", "TIER", "ROLE", "USER ID", "CREATED"],
    ...users.map((user) => [user.email, user.tier, user.role, user.userId, user.createdAt]),
  ];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  for (const row of rows)
    console.log(
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    );
};

/** So that two starts at once make one first account. */
const BOOTSTRAP_LOCK = 7_110_003;

/** Makes the first account if there is none, and registers BOOTSTRAP_API_KEY for the first one. Prints one JSON line. */
const bootstrap = async (): Promise<void> => {
  const key = getEnv().BOOTSTRAP_API_KEY;
  const outcome = await getSql().begin(async (sql) => {
    await sql`SELECT pg_advisory_xact_lock(${BOOTSTRAP_LOCK})`;
    const [first] = await listUsers(sql);
    if (!first) {
      const email = process.env.BOOTSTRAP_EMAIL || "admin@localhost";
      if (!isEmail(email)) throw new Refusal(`BOOTSTRAP_EMAIL=${email} is wrong: it is not an email address.`, 2);
      const password = process.env.BOOTSTRAP_PASSWORD;
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
  console.log(JSON.stringify(outcome));
};

const run = async ([command, ...args]: string[]): Promise<void> => {
  switch (command) {
    case "add":
      return add(args);
    case "list":
      return list(args);
    case "bootstrap":
      return bootstrap();
    case "help":
    case "--help":
      console.log(USAGE);
      return;
    default:
      throw new Refusal(command === undefined ? USAGE : `There is no command ${command}.\n${USAGE}`, 2);
  }
};

const isArgumentError = (error: unknown): error is Error =>
  error instanceof Error && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS");

/** @returns the exit code */
const explain = (error: unknown): number => {
  if (error instanceof Refusal) {
    console.error(error.message);
    return error.exitCode;
  }
  if (isArgumentError(error)) {
    console.error(`${error.message}\n${USAGE}`);
    return 2;
  }
  if (error instanceof EnvError) console.error(error.message);
  else if (isOutage(error)) console.error("PostgreSQL cannot be reached: is it running, and is DATABASE_URL right?");
  else if (error instanceof Error && "code" in error && error.code === "42P01")
    console.error("The database has no tables yet: run `npm run migrate`.");
  else console.error(error);
  return 1;
};

try {
  await run(process.argv.slice(2));
} catch (error) {
  process.exitCode = explain(error);
} finally {
  await closeDb();
}
