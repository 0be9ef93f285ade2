// `npm run web | worker | migrate | account`: one program of a deployment by itself. It uses DATABASE_URL and REDIS_URL, else
// what a running `npm start` on the same DATA_DIR brought up. Everything said here goes to stderr: stdout is the program's.
import { spawn } from "node:child_process";
import path from "node:path";
import { migrate, programArgs, programEnv } from "./lib/app.mjs";
import { build } from "./lib/build.mjs";
import { install } from "./lib/install.mjs";
import { onStop } from "./lib/lifeline.mjs";
import { waitLock } from "./lib/lock.mjs";
import { startPostgres, stopPostgres } from "./lib/postgres.mjs";
import { checkNode, dataDirOf, loadEnv, ROOT, Trouble } from "./lib/project.mjs";
import { liveRun, lockOf, readRun, survivors } from "./lib/run-file.mjs";
import { checkProductionSecrets, keepSecrets, withSecrets } from "./lib/secrets.mjs";
import { givenDatabase, givenRedis } from "./lib/services.mjs";
import { makeSteps, report } from "./lib/steps.mjs";

const PROGRAMS = { web: "server", worker: "worker", migrate: "migrate", account: "account" };

/** An account is made without Redis, but the settings ask for an address: one where nothing can listen. */
const NO_REDIS = "redis://127.0.0.1:1/0";

const [name, ...args] = process.argv.slice(2);
const env = loadEnv();
const dataDir = dataDirOf(env);
const logOf = (one) => path.join(dataDir, "logs", `${one}.log`);
const steps = makeSteps({ out: process.stderr, quiet: true });

/** MLQUEUE_DIST names a build that is there already, as in an image without the sources. */
const prepare = async () => {
  if (env.MLQUEUE_DIST) return path.resolve(ROOT, env.MLQUEUE_DIST);
  await steps.step("Packages", (say) => install({ env, log: logOf("install"), say }));
  let dist;
  await steps.step("Build", async (say) => {
    ({ dist } = await build({ env, log: logOf("build"), dataDirs: [dataDir], say }));
    return path.relative(ROOT, dist);
  });
  return dist;
};

/** What a running `npm start` brought up, or what still runs of one whose supervisor was killed. */
const runningServices = () => {
  const written = readRun(dataDir);
  const run = liveRun(dataDir) ?? (survivors(written).postgres ? written : null);
  return { databaseUrl: run?.databaseUrl ?? null, redisUrl: run?.redisUrl ?? null };
};

const missing = (what) =>
  new Trouble(`${what} is not set and no \`npm start\` runs on ${dataDir}: set ${what}, or run \`npm start\` first.`);

/** Runs the program with our terminal until it ends. @returns {Promise<number>} its exit code */
const runProgram = (dist, childEnv) => {
  // Servers get a group of their own, so that a Ctrl-C reaches them once, as the SIGTERM they know.
  const server = name === "web" || name === "worker";
  const child = spawn(process.execPath, [...programArgs(PROGRAMS[name], dist), ...args], {
    cwd: ROOT,
    env: childEnv,
    stdio: server ? ["ignore", "inherit", "inherit"] : "inherit",
    detached: server,
  });
  onStop(
    () => child.kill("SIGTERM"),
    () => child.kill("SIGKILL"),
  );
  return new Promise((done, fail) => {
    child.once("error", fail);
    child.once("exit", (code, signal) => done(code ?? (signal === "SIGKILL" ? 137 : 143)));
  });
};

/** `account` with no PostgreSQL running: ours is started for it, brought to this version's schema, and stopped again. */
const withOwnPostgres = async (dist, secrets) => {
  const release = await waitLock(lockOf(dataDir), "account", { ms: 30_000 });
  if (!release) throw new Trouble(`Something else uses ${dataDir} and has not ended in 30 s: try again when it has.`);
  let server = null;
  try {
    server = await startPostgres({ dataDir, password: secrets.dbPassword, port: readRun(dataDir)?.ports?.postgres });
    const childEnv = programEnv({
      env: withSecrets(env, secrets),
      dataDir,
      dist,
      databaseUrl: server.url,
      redisUrl: givenRedis(env) ?? NO_REDIS,
    });
    await migrate({ dist, env: childEnv, log: logOf("migrate") });
    return await runProgram(dist, childEnv);
  } finally {
    if (server) await stopPostgres(server);
    release();
  }
};

const main = async () => {
  if (!(name in PROGRAMS))
    throw new Trouble(`\`${name ?? ""}\` is no program of MLQueue: use web, worker, migrate or account.`);
  checkNode();
  checkProductionSecrets(env);
  const running = runningServices();
  const databaseUrl = givenDatabase(env) ?? running.databaseUrl;
  const redisUrl = givenRedis(env) ?? running.redisUrl;
  if (!databaseUrl && name !== "account") throw missing("DATABASE_URL");
  if (!redisUrl && (name === "web" || name === "worker")) throw missing("REDIS_URL");
  if (!databaseUrl && liveRun(dataDir))
    throw new Trouble("`npm start` is still starting: try again when it says that it is ready.");
  const dist = await prepare();
  const secrets = env.ENV === "production" ? {} : keepSecrets(dataDir);
  if (!databaseUrl) return withOwnPostgres(dist, keepSecrets(dataDir));
  const childEnv = programEnv({
    env: withSecrets(env, secrets),
    dataDir,
    dist,
    databaseUrl,
    redisUrl: redisUrl ?? NO_REDIS,
  });
  if (name === "web") childEnv.NEXTAUTH_URL ||= `http://localhost:${env.SERVER_PORT || 8080}`;
  // Tells a stopping `npm start` on this data directory that this worker and its programs are not its own.
  if (name === "worker") childEnv.MLQUEUE_SERVICE = "run-worker";
  return runProgram(dist, childEnv);
};

try {
  process.exitCode = await main();
} catch (error) {
  report(error);
  process.exitCode = 1;
}
