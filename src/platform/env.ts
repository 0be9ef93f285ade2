// The one place that reads the environment. Every name is described in .env.example.
import { isIP } from "node:net";
import { z } from "zod";

/** Text that stands in .env.example and old guides for a secret: never accepted in production. */
const EXAMPLE_SECRETS = new Set(["change-this-secret-key", "your-secret-key", "your_password", "secret", "changeme"]);

const whole = (min: number, max: number) =>
  z
    .string()
    .regex(/^\d+$/, "must be a whole number")
    .transform(Number)
    .refine((n) => n >= min && n <= max, `must be from ${min} to ${max}`);
const flag = z
  .string()
  .regex(/^(true|false|1|0)$/i, "must be true or false")
  .transform((text) => /^(true|1)$/i.test(text));
const commaList = z.string().transform((text) =>
  text
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== ""),
);

/** `10.0.0.0/8`, `fd00::/8`, or one address. */
const isCidr = (text: string): boolean => {
  const [address = "", prefix, ...rest] = text.split("/");
  const bits = isIP(address) === 4 ? 32 : isIP(address) === 6 ? 128 : -1;
  if (bits < 0 || rest.length > 0 || address.includes("%")) return false;
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= bits);
};

const schema = z.object({
  ENV: z.enum(["development", "production", "test"]).default("development"),
  LOG_LEVEL: z.enum(["debug", "info", "warn", "error"]).default("info"),
  SERVER_HOST: z.string().default("127.0.0.1"),
  SERVER_PORT: whole(0, 65535).default(8080),
  TRUST_PROXY: flag.default(false),
  CORS_ORIGINS: commaList.default(["*"]),

  DATABASE_URL: z
    .string()
    .regex(/^postgres(ql)?:\/\//, "must start with postgres://")
    .optional(),
  DB_HOST: z.string().optional(),
  DB_PORT: whole(1, 65535).default(5432),
  DB_USER: z.string().default("mlqueue"),
  DB_PASSWORD: z.string().default(""),
  DB_NAME: z.string().default("mlqueue_db"),
  DB_SSLMODE: z.enum(["disable", "prefer", "require", "verify-full"]).default("disable"),
  DB_MAX_OPEN_CONNS: whole(2, 1000).default(20),

  REDIS_URL: z
    .string()
    .regex(/^rediss?:\/\//, "must start with redis://")
    .optional(),
  REDIS_HOST: z.string().optional(),
  REDIS_PORT: whole(1, 65535).default(6379),
  REDIS_PASSWORD: z.string().default(""),
  REDIS_DB: whole(0, 15).default(0),
  REDIS_PREFIX: z
    .string()
    .regex(/^[A-Za-z0-9:_-]+$/, "may hold letters, digits, : _ and -")
    .default("mlq:"),

  JWT_SECRET: z.string().min(8, "must have at least 8 characters").optional(),
  /** Keys the hashes that are kept of API keys: the first one, while those kept with the others work on. */
  API_KEY_SECRET: commaList
    .refine((list) => list.length > 0 && list.every((one) => one.length >= 8), "must have at least 8 characters")
    .optional(),
  /** Encrypts the secrets of webhook endpoints; tasks' own addresses are signed with secrets made from it. */
  WEBHOOK_SECRET_KEY: z.string().min(8, "must have at least 8 characters").optional(),
  WEBHOOK_TIMEOUT_SECONDS: whole(1, 600).default(30),
  WEBHOOK_RETRY_COUNT: whole(0, 20).default(3),
  WEBHOOK_ALLOW_CIDRS: commaList
    .refine((list) => list.every(isCidr), "must be networks such as 10.0.0.0/8, separated by commas")
    .default([]),
  JWT_EXPIRY_HOURS: whole(1, 8760).default(24),
  TRASH_DAYS: whole(1, 3650).default(30),
  ACTIVITY_DAYS: whole(1, 36_500).default(365),
  /** 0: for good */
  RETENTION_DAYS: whole(0, 36_500).default(0),
  LOG_RETENTION_DAYS: whole(0, 36_500).default(0),
  METRIC_RETENTION_DAYS: whole(0, 36_500).default(0),
  NEXTAUTH_SECRET: z.string().min(8, "must have at least 8 characters").optional(),
  NEXTAUTH_URL: z.string().optional(),
  OIDC_ISSUER: z
    .string()
    .regex(
      /^(https:\/\/[^\s/?#]+|http:\/\/(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?)(\/[^\s?#]*)?$/,
      "must be an https address, such as https://id.example.org",
    )
    .optional(),
  OIDC_CLIENT_ID: z.string().optional(),
  OIDC_CLIENT_SECRET: z.string().optional(),
  OIDC_NAME: z.string().max(50, "must have at most 50 characters").optional(),
  GITHUB_CLIENT_ID: z.string().optional(),
  GITHUB_CLIENT_SECRET: z.string().optional(),
  SIGN_UP_DOMAINS: commaList
    .transform((list) => list.map((domain) => domain.toLowerCase()))
    .refine(
      (list) => list.every((domain) => /^[a-z0-9.-]+$/.test(domain)),
      "must be domains such as example.org, separated by commas",
    )
    .default([]),
  BOOTSTRAP_EMAIL: z.string().default("admin@localhost"),
  BOOTSTRAP_PASSWORD: z.string().optional(),
  BOOTSTRAP_API_KEY: z
    .string()
    .regex(/^[\x21-\x7e]{1,200}$/, "must be 1 to 200 visible characters")
    .optional(),

  QUEUE_MAX_SIZE: whole(1, 100_000_000).default(10_000),
  QUEUE_WORKER_COUNT: whole(1, 1000).default(10),
  ENTRYPOINTS_DIR: z.string().default("examples"),
  DEFAULT_ENTRYPOINT: z.string().optional(),
  ALLOW_COMMANDS: flag.optional(),
  WORKER_NAME: z
    .string()
    .regex(/^[A-Za-z0-9._-]{1,100}$/, "may hold letters, digits, . _ and -")
    .optional(),
  WORKER_QUEUES: commaList.optional(),
  WORKER_GPUS: commaList.optional(),
  WORKER_CPUS: whole(1, 100_000).optional(),
  WORKER_MEMORY_MB: whole(1, 1_000_000_000).optional(),
  SHUTDOWN_GRACE_SECONDS: whole(0, 86_400).default(30),
  CANCEL_GRACE_SECONDS: whole(0, 3600).default(10),

  RATE_LIMIT_STANDARD: whole(0, 1_000_000).default(100),
  RATE_LIMIT_PREMIUM: whole(0, 1_000_000).default(1000),
  RATE_LIMIT_BATCH: whole(0, 1_000_000).default(10),
  RATE_LIMIT_TRAFFIC: whole(0, 1_000_000).default(6000),
  RATE_LIMIT_SIGN_IN: whole(0, 1_000_000).default(20),

  METRICS_TOKEN: z
    .string()
    .regex(/^[\x21-\x7e]{8,200}$/, "must be 8 to 200 visible characters")
    .optional(),

  DATA_DIR: z.string().default(".data"),
});

type Parsed = z.infer<typeof schema>;

export type Env = Omit<
  Parsed,
  | "DATABASE_URL"
  | "REDIS_URL"
  | "JWT_SECRET"
  | "NEXTAUTH_SECRET"
  | "API_KEY_SECRET"
  | "WEBHOOK_SECRET_KEY"
  | "ALLOW_COMMANDS"
  | "OIDC_NAME"
> & {
  DATABASE_URL: string;
  REDIS_URL: string;
  JWT_SECRET: string;
  NEXTAUTH_SECRET: string;
  API_KEY_SECRET: string[];
  WEBHOOK_SECRET_KEY: string;
  ALLOW_COMMANDS: boolean;
  OIDC_NAME: string;
};

/** A wrong or missing setting. The message is one sentence that names the variable; it goes to the log. */
export class EnvError extends Error {}

/** Settings that are secrets, or addresses that may hold one: their values are not repeated. */
const isSecret = (name: string): boolean => /SECRET|PASSWORD|TOKEN|API_KEY|(DATABASE|REDIS)_URL$/.test(name);

const isLoopback = (host: string) => host === "localhost" || host === "::1" || /^127\./.test(host);

const databaseUrl = (env: Parsed): string => {
  if (env.DATABASE_URL) return env.DATABASE_URL;
  if (!env.DB_HOST)
    throw new EnvError(
      "DATABASE_URL is not set: give it, or DB_HOST DB_USER DB_PASSWORD DB_NAME, or run `npm start`, which brings its own PostgreSQL.",
    );
  const auth = `${encodeURIComponent(env.DB_USER)}:${encodeURIComponent(env.DB_PASSWORD)}`;
  const ssl = env.DB_SSLMODE === "disable" ? "" : `?sslmode=${env.DB_SSLMODE}`;
  return `postgres://${auth}@${env.DB_HOST}:${env.DB_PORT}/${encodeURIComponent(env.DB_NAME)}${ssl}`;
};

const redisUrl = (env: Parsed): string => {
  if (env.REDIS_URL) return env.REDIS_URL;
  if (!env.REDIS_HOST)
    throw new EnvError("REDIS_URL is not set: give it, or REDIS_HOST, or run `npm start`, which brings its own Redis.");
  const auth = env.REDIS_PASSWORD ? `:${encodeURIComponent(env.REDIS_PASSWORD)}@` : "";
  return `redis://${auth}${env.REDIS_HOST}:${env.REDIS_PORT}/${env.REDIS_DB}`;
};

const secret = (
  name: "JWT_SECRET" | "API_KEY_SECRET" | "WEBHOOK_SECRET_KEY",
  value: string | undefined,
  env: Parsed,
): string => {
  if (value && !(env.ENV === "production" && EXAMPLE_SECRETS.has(value))) return value;
  if (env.ENV === "production")
    throw new EnvError(
      `${name} is ${value ? "an example value" : "not set"}: with ENV=production give it a secret of your own, such as the output of \`openssl rand -hex 32\`.`,
    );
  throw new EnvError(`${name} is not set: \`npm start\` makes one and keeps it in DATA_DIR.`);
};

/** Settings that only mean something together. */
const TOGETHER = [
  { all: ["OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET"], also: ["OIDC_NAME"] },
  { all: ["GITHUB_CLIENT_ID", "GITHUB_CLIENT_SECRET"], also: [] },
] as const satisfies { all: (keyof Parsed)[]; also: (keyof Parsed)[] }[];

const checkTogether = (env: Parsed): void => {
  for (const { all, also } of TOGETHER) {
    const set = [...all, ...also].find((name) => env[name] !== undefined);
    const missing = all.find((name) => env[name] === undefined);
    if (set !== undefined && missing !== undefined)
      throw new EnvError(`${missing} is not set, but ${set} is: set ${all.join(", ")} together, or none of them.`);
  }
};

/**
 * Checks the environment and fills in the defaults.
 *
 * An empty value counts as not set, so that a line `NAME=` in a copied .env.example changes nothing.
 *
 * @throws EnvError one sentence that names the wrong variable
 */
export const parseEnv = (source: Record<string, string | undefined>): Env => {
  const given = Object.fromEntries(Object.entries(source).filter(([, value]) => value !== undefined && value !== ""));
  const parsed = schema.safeParse(given);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const name = String(issue?.path[0]);
    const reason = issue?.code === "invalid_value" ? `must be one of ${issue.values.join(", ")}` : issue?.message;
    throw new EnvError(`${isSecret(name) ? name : `${name}=${given[name]}`} is wrong: it ${reason}.`);
  }
  const env = parsed.data;
  checkTogether(env);
  const jwtSecret = secret("JWT_SECRET", env.JWT_SECRET, env);
  return {
    ...env,
    DATABASE_URL: databaseUrl(env),
    REDIS_URL: redisUrl(env),
    JWT_SECRET: jwtSecret,
    NEXTAUTH_SECRET: env.NEXTAUTH_SECRET ?? jwtSecret,
    API_KEY_SECRET: (env.API_KEY_SECRET ?? [jwtSecret]).map((one) => secret("API_KEY_SECRET", one, env)),
    WEBHOOK_SECRET_KEY: secret("WEBHOOK_SECRET_KEY", env.WEBHOOK_SECRET_KEY, env),
    OIDC_NAME: env.OIDC_NAME ?? "OpenID Connect",
    // Behind a proxy a loopback address says nothing about who calls.
    ALLOW_COMMANDS: env.ALLOW_COMMANDS ?? (isLoopback(env.SERVER_HOST) && !env.TRUST_PROXY),
  };
};

/**
 * What is logged. It is read by itself: the log has to work where another setting is wrong. A wrong level is refused by
 * parseEnv, which every process calls first; until then the default counts.
 */
export const readLogLevel = (source: Record<string, string | undefined> = process.env): Env["LOG_LEVEL"] =>
  schema.shape.LOG_LEVEL.catch("info").parse(source.LOG_LEVEL || undefined);

const holder = globalThis as { mlqueueEnv?: Env };

/** The environment of this process, checked once. @throws EnvError */
export const getEnv = (): Env => {
  holder.mlqueueEnv ??= parseEnv(process.env);
  return holder.mlqueueEnv;
};
