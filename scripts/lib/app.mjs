// The web server and the worker as processes: how each is started and when it is ready.
import http from "node:http";
import path from "node:path";
import { pagesFolder } from "./build.mjs";
import { launch, readFrom, run, tailOf } from "./command.mjs";
import { sleep } from "./processes.mjs";
import { ROOT, Trouble } from "./project.mjs";

/** Long enough for a server that waits up to 60 s for its schema. */
const READY_MS = 90_000;

const SOURCES = {
  server: "src/server.ts",
  worker: "worker/main.ts",
  migrate: "src/platform/migrate.ts",
  account: "src/accounts/cli.ts",
};

/**
 * A batch of tasks makes more young objects than node's usual 16 MB: with 64 MB a third less is copied, and 1,000 tasks take 2 ms less.
 */
const NODE_FLAGS = { server: ["--max-semi-space-size=64"] };

/**
 * The node arguments of one of our programs: its bundle, or in development its source through tsx.
 *
 * @param {"server" | "worker" | "migrate" | "account"} name @param {string | null} dist null: development
 */
export const programArgs = (name, dist) =>
  dist
    ? [...(NODE_FLAGS[name] ?? []), "--enable-source-maps", path.join(dist, `${name}.mjs`)]
    : ["--import", "tsx", path.join(ROOT, SOURCES[name])];

/**
 * What every program of ours gets: the person's settings, the secrets, where the services are.
 *
 * @param {{env: object, dataDir: string, dist: string | null, databaseUrl: string, redisUrl?: string}} options
 */
export const programEnv = ({ env, dataDir, dist, databaseUrl, redisUrl }) => ({
  ...env,
  NODE_ENV: dist ? "production" : "development",
  NEXT_TELEMETRY_DISABLED: "1",
  DATA_DIR: dataDir,
  MLQUEUE_DATA_DIR: dataDir,
  MLQUEUE_ROOT: ROOT,
  ...(dist ? { MLQUEUE_DIST: dist, NEXT_DIST_DIR: pagesFolder(dist) } : { MLQUEUE_DEV: "1" }),
  DATABASE_URL: databaseUrl,
  ...(redisUrl ? { REDIS_URL: redisUrl } : {}),
});

const healthy = (host, port) =>
  new Promise((done) => {
    const request = http.get({ host, port, path: "/health", timeout: 2000, agent: false }, (response) => {
      response.resume();
      done(response.statusCode === 200);
    });
    request.once("timeout", () => request.destroy());
    request.once("error", () => done(false));
  });

/** Starts a program and waits until isReady says so. @throws Trouble when it ends before, or takes too long */
const launchUntil = async (title, args, { env, log, ids }, isReady, launched) => {
  const one = launch(process.execPath, args, { env, log, ids });
  launched(one);
  let ended = null;
  one.exited.then((how) => {
    ended = how;
  });
  const until = performance.now() + READY_MS;
  while (!(await isReady(one))) {
    if (ended) throw new Trouble(`The ${title} ended at its start (${ended}).`, { log, tail: tailOf(log, one.offset) });
    if (performance.now() > until)
      throw new Trouble(`The ${title} did not get ready in ${READY_MS / 1000} s.`, {
        log,
        tail: tailOf(log, one.offset),
      });
    await sleep(40);
  }
  return one;
};

/** The address to ask the server itself at: a wildcard host is no address. */
const dialHost = (host) => ({ "0.0.0.0": "127.0.0.1", "::": "::1" })[host] ?? host;

/**
 * Starts the web server; it is ready when /health answers 200.
 *
 * @param {{dist: string | null, env: object, log: string, host: string, port: number}} options
 * @param {(one: {pid: number, startTime: string}) => void} launched told of the process as soon as it exists
 */
export const startWeb = ({ dist, env, log, host, port }, launched) => {
  const webEnv = { ...env, MLQUEUE_SERVICE: "web" };
  return launchUntil(
    "web server",
    programArgs("server", dist),
    { env: webEnv, log },
    () => healthy(dialHost(host), port),
    launched,
  );
};

/**
 * Starts a worker; it is ready when it has logged "worker ready".
 *
 * With LOG_LEVEL=warn that line may be missing: a worker that lives for 5 s then counts as ready.
 *
 * @param {{dist: string | null, env: object, log: string, ids?: {uid: number, gid: number} | undefined}} options
 * @param {(one: {pid: number, startTime: string}) => void} launched as for startWeb
 */
export const startWorker = ({ dist, env, log, ids }, launched) => {
  const began = performance.now();
  const silent = /^(warn|error)$/.test(env.LOG_LEVEL ?? "");
  const isReady = (one) =>
    /"worker ready"/.test(readFrom(log, one.offset)) || (silent && performance.now() - began > 5000);
  return launchUntil(
    "worker",
    programArgs("worker", dist),
    { env: { ...env, MLQUEUE_SERVICE: "worker" }, log, ids },
    isReady,
    launched,
  );
};

/** Migrates the database. @throws Trouble */
export const migrate = ({ dist, env, log }) =>
  run(process.execPath, programArgs("migrate", dist), { env, log, failure: "The database could not be migrated." });

/**
 * Makes the first account if there is none.
 *
 * @returns {Promise<{email: string, apiKey: string | null, created: boolean}>} apiKey: null when the account was there before
 */
export const bootstrap = async ({ dist, env, log }) => {
  const failure = "The first account could not be made.";
  const { stdout } = await run(process.execPath, [...programArgs("account", dist), "bootstrap"], {
    env,
    log,
    capture: true,
    failure,
  });
  try {
    return JSON.parse(stdout.trim().split("\n").at(-1));
  } catch {
    throw new Trouble(failure, { log, tail: stdout });
  }
};
