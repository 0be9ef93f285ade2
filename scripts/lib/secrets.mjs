// The secrets of this installation: made at the first start, kept in DATA_DIR/secrets.json, readable by its owner only.
import { randomBytes } from "node:crypto";
import { chmodSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { Trouble } from "./project.mjs";

/** Texts that stand for a secret in examples: the twin of the list in src/platform/env.ts (scripts.test.ts compares them). */
export const EXAMPLE_SECRETS = ["change-this-secret-key", "your-secret-key", "your_password", "secret", "changeme"];

const fileOf = (dataDir) => path.join(dataDir, "secrets.json");

const hex = (bytes) => randomBytes(bytes).toString("hex");

/** Easy to type: no look-alike letters; 20 of 31 letters are 99 bits. */
const password = () => Array.from(randomBytes(20), (byte) => "abcdefghijkmnpqrstuvwxyz2345678"[byte % 31]).join("");

/** What is kept, without making anything. @returns {object | null} */
export const readSecrets = (dataDir) => {
  let text;
  try {
    text = readFileSync(fileOf(dataDir), "utf8");
  } catch (error) {
    if (error.code === "ENOENT") return null;
    throw error;
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new Trouble(
      `${fileOf(dataDir)} is not valid JSON: mend it, or delete it to have new secrets made (everybody is then signed out).`,
    );
  }
};

/** Writes the file whole or not at all, never readable by others in between. */
export const writeSecrets = (dataDir, secrets) => {
  mkdirSync(dataDir, { recursive: true });
  const temporary = `${fileOf(dataDir)}.${process.pid}`;
  writeFileSync(temporary, `${JSON.stringify(secrets, null, 2)}\n`, { mode: 0o600 });
  chmodSync(temporary, 0o600);
  renameSync(temporary, fileOf(dataDir));
};

/**
 * The secrets, with those made that were missing.
 *
 * @returns {{jwtSecret: string, apiKeySecret: string, nextAuthSecret: string, webhookSecretKey: string, dbPassword: string, redisPassword: string, firstPassword: string, firstApiKey?: string}}
 */
export const keepSecrets = (dataDir) => {
  const kept = readSecrets(dataDir);
  const secrets = {
    jwtSecret: hex(32),
    apiKeySecret: hex(32),
    nextAuthSecret: hex(32),
    webhookSecretKey: hex(32),
    dbPassword: hex(24),
    redisPassword: hex(24),
    firstPassword: password(),
    ...kept,
  };
  if (JSON.stringify(secrets) !== JSON.stringify(kept)) writeSecrets(dataDir, secrets);
  else chmodSync(fileOf(dataDir), 0o600);
  return secrets;
};

/** JWT_SECRET stands for them. */
const OPTIONAL = new Set(["NEXTAUTH_SECRET", "API_KEY_SECRET"]);

/** With ENV=production nothing is made up: @throws Trouble unless JWT_SECRET and WEBHOOK_SECRET_KEY are the owner's own. env.ts checks the same, this only says it before the long steps. */
export const checkProductionSecrets = (env) => {
  if (env.ENV !== "production") return;
  for (const name of ["JWT_SECRET", "NEXTAUTH_SECRET", "API_KEY_SECRET", "WEBHOOK_SECRET_KEY"]) {
    if (env[name] ? !EXAMPLE_SECRETS.includes(env[name]) : OPTIONAL.has(name)) continue;
    throw new Trouble(
      `${name} is ${env[name] ? "an example value" : "not set"}: with ENV=production give it a secret of your own, such as the output of \`openssl rand -hex 32\`.`,
    );
  }
};

/** Whoever sets JWT_SECRET, for several servers or later on, keeps the keys that were made without it. A comma would part it. */
const apiKeySecrets = (jwtSecret, kept) => (jwtSecret && !jwtSecret.includes(",") ? `${jwtSecret},${kept}` : kept);

/** Adds the kept secrets to an environment where it has none of its own; not with ENV=production. */
export const withSecrets = (env, secrets) =>
  env.ENV === "production"
    ? env
    : {
        ...env,
        JWT_SECRET: env.JWT_SECRET || secrets.jwtSecret,
        NEXTAUTH_SECRET: env.NEXTAUTH_SECRET || env.JWT_SECRET || secrets.nextAuthSecret,
        API_KEY_SECRET: env.API_KEY_SECRET || apiKeySecrets(env.JWT_SECRET, secrets.apiKeySecret),
        WEBHOOK_SECRET_KEY: env.WEBHOOK_SECRET_KEY || secrets.webhookSecretKey,
      };
