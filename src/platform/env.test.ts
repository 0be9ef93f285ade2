import { expect, test } from "vitest";
import { EnvError, parseEnv, readLogLevel } from "./env";

const least = {
  DATABASE_URL: "postgres://u:p@h/d",
  REDIS_URL: "redis://h",
  JWT_SECRET: "long-enough-secret",
  WEBHOOK_SECRET_KEY: "long-enough-secret",
};
const sentence = (source: Record<string, string>): string => {
  try {
    parseEnv({ ...least, ...source });
  } catch (error) {
    if (error instanceof EnvError) return error.message;
    throw error;
  }
  return "";
};

test("an empty value counts as not set", () => {
  expect(parseEnv({ ...least, SERVER_PORT: "", QUEUE_WORKER_COUNT: "" })).toMatchObject({
    SERVER_PORT: 8080,
    SERVER_HOST: "127.0.0.1",
    QUEUE_WORKER_COUNT: 10,
  });
});

test.each([
  [{ SERVER_PORT: "eighty" }, "SERVER_PORT=eighty is wrong: it must be a whole number."],
  [{ SERVER_PORT: "70000" }, "SERVER_PORT=70000 is wrong: it must be from 0 to 65535."],
  [{ ENV: "prod" }, "ENV=prod is wrong: it must be one of development, production, test."],
  [{ ALLOW_COMMANDS: "yes" }, "ALLOW_COMMANDS=yes is wrong: it must be true or false."],
  [{ DATABASE_URL: "mysql://u:planted@h/d" }, "DATABASE_URL is wrong: it must start with postgres://."],
  [{ REDIS_URL: "http://:planted@h" }, "REDIS_URL is wrong: it must start with redis://."],
  [{ JWT_SECRET: "planted" }, "JWT_SECRET is wrong: it must have at least 8 characters."],
  [{ METRICS_TOKEN: "planted" }, "METRICS_TOKEN is wrong: it must be 8 to 200 visible characters."],
  [{ BOOTSTRAP_API_KEY: "plan ted" }, "BOOTSTRAP_API_KEY is wrong: it must be 1 to 200 visible characters."],
  [
    { WEBHOOK_ALLOW_CIDRS: "10.0.0.0/8, 10.0.0.0/33" },
    "WEBHOOK_ALLOW_CIDRS=10.0.0.0/8, 10.0.0.0/33 is wrong: it must be networks such as 10.0.0.0/8, separated by commas.",
  ],
])("a wrong value stops with a sentence that names it: %o", (source, wanted) => {
  expect(sentence(source)).toBe(wanted);
});

test("the log has a level although another setting is wrong", () => {
  expect(readLogLevel({ LOG_LEVEL: "warn", SERVER_PORT: "eighty" })).toBe("warn");
  for (const LOG_LEVEL of [undefined, "", "loud"]) expect(readLogLevel({ LOG_LEVEL })).toBe("info");
  expect(sentence({ LOG_LEVEL: "loud" })).toBe("LOG_LEVEL=loud is wrong: it must be one of debug, info, warn, error.");
});

test("DB_* and REDIS_* stand for the addresses", () => {
  const env = parseEnv({
    JWT_SECRET: "long-enough-secret",
    WEBHOOK_SECRET_KEY: "long-enough-secret",
    DB_HOST: "db",
    DB_PASSWORD: "p@ss",
    REDIS_HOST: "cache",
    REDIS_DB: "3",
  });
  expect(env.DATABASE_URL).toBe("postgres://mlqueue:p%40ss@db:5432/mlqueue_db");
  expect(env.REDIS_URL).toBe("redis://cache:6379/3");
});

test("with ENV=production an unset or example secret stops the start", () => {
  expect(sentence({ ENV: "production", JWT_SECRET: "" })).toMatch(/^JWT_SECRET is not set/);
  expect(sentence({ ENV: "production", JWT_SECRET: "change-this-secret-key" })).toMatch(
    /^JWT_SECRET is an example value/,
  );
  expect(sentence({ ENV: "production", WEBHOOK_SECRET_KEY: "" })).toMatch(/^WEBHOOK_SECRET_KEY is not set/);
  expect(sentence({ ENV: "production", WEBHOOK_SECRET_KEY: "your-secret-key" })).toMatch(
    /^WEBHOOK_SECRET_KEY is an example value/,
  );
  expect(sentence({ ENV: "production" })).toBe("");
});

test("what only means something together is set together", () => {
  const github = { GITHUB_CLIENT_ID: "a", GITHUB_CLIENT_SECRET: "b" };
  const oidc = { OIDC_ISSUER: "https://id.example.org/realms/lab", OIDC_CLIENT_ID: "a", OIDC_CLIENT_SECRET: "b" };
  expect(sentence({ ...github, ...oidc })).toBe("");
  expect(parseEnv({ ...least, ...oidc }).OIDC_NAME).toBe("OpenID Connect");
  for (const [all, more] of [
    [github, {}],
    [oidc, { OIDC_NAME: "The lab" }],
  ] as const)
    for (const missing of Object.keys(all))
      expect(sentence({ ...all, ...more, [missing]: "" })).toMatch(new RegExp(`^${missing} is not set, but \\w+ is`));
  expect(sentence({ OIDC_NAME: "The lab" })).toMatch(/^OIDC_ISSUER is not set, but OIDC_NAME is/);
  for (const issuer of ["http://id.example.org", "id.example.org", "https://id.example.org/?a=b", "ftp://x"])
    expect(sentence({ ...oidc, OIDC_ISSUER: issuer })).toMatch(
      /^OIDC_ISSUER=\S+ is wrong: it must be an https address/,
    );
  expect(sentence({ ...oidc, OIDC_ISSUER: "http://127.0.0.1:9000" })).toBe("");
  expect(parseEnv({ ...least, SIGN_UP_DOMAINS: "Lab.Example, b.org" }).SIGN_UP_DOMAINS).toEqual([
    "lab.example",
    "b.org",
  ]);
  expect(parseEnv(least).API_KEY_SECRET).toEqual([parseEnv(least).JWT_SECRET]);
  expect(sentence({ API_KEY_SECRET: "long-enough,short" })).toMatch(/^API_KEY_SECRET is wrong/);
  expect(sentence({ SIGN_UP_DOMAINS: "*@lab.example" })).toMatch(/^SIGN_UP_DOMAINS=/);
});

test("commands are allowed only while the server listens on loopback, without a proxy, unless said otherwise", () => {
  const allowed = (source: Record<string, string>) => parseEnv({ ...least, ...source }).ALLOW_COMMANDS;
  expect(allowed({})).toBe(true);
  expect(allowed({ SERVER_HOST: "0.0.0.0" })).toBe(false);
  expect(allowed({ TRUST_PROXY: "true" })).toBe(false);
  expect(allowed({ SERVER_HOST: "0.0.0.0", ALLOW_COMMANDS: "true" })).toBe(true);
  expect(allowed({ ALLOW_COMMANDS: "false" })).toBe(false);
});
