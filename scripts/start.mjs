// `npm start`: from a fresh clone to a served page, then keeps it all running. `--dev` (npm run dev) runs the sources and
// starts the server and the worker again when they change.
import { mkdirSync } from "node:fs";
import path from "node:path";
import { bootstrap, migrate, programEnv, startWeb, startWorker } from "./lib/app.mjs";
import { build } from "./lib/build.mjs";
import { killCommands } from "./lib/command.mjs";
import { install } from "./lib/install.mjs";
import { makeKeeper } from "./lib/keeper.mjs";
import { endOldApp, killAll, stopAll } from "./lib/leftovers.mjs";
import { onStop } from "./lib/lifeline.mjs";
import { tryLock, waitLock } from "./lib/lock.mjs";
import { isFree, nextFreePort } from "./lib/ports.mjs";
import { bootId, identify } from "./lib/processes.mjs";
import { checkNode, dataDirOf, loadEnv, ROOT, Trouble } from "./lib/project.mjs";
import { liveRun, lockOf, readRun, survivors, writeRun } from "./lib/run-file.mjs";
import { checkProductionSecrets, keepSecrets, withSecrets, writeSecrets } from "./lib/secrets.mjs";
import { givenDatabase, givenRedis, postgresService, redisService } from "./lib/services.mjs";
import { makeSteps, report, seconds } from "./lib/steps.mjs";
import { showLogs, watchSources } from "./lib/watch.mjs";
import { welcome } from "./lib/welcome.mjs";

const dev = process.argv.includes("--dev");
const steps = makeSteps();
const env = loadEnv();
const dataDir = dataDirOf(env);
const logOf = (name) => path.join(dataDir, "logs", `${name}.log`);
const keepers = [];
/** What run.json says. */
const run = { ...identify(process.pid), bootId: bootId(), ports: {}, processes: {} };
let ours = { postgres: false, redis: false };
let graceSeconds = 5;
/** Gives the data directory free; null until it is ours, and until then nothing in it may be touched. */
let release = null;
let stopping = false;

const save = (changes = {}) => writeRun(dataDir, Object.assign(run, changes));
const track = (name, one) =>
  save({ processes: { ...run.processes, [name]: { pid: one.pid, startTime: one.startTime } } });

/** One supervisor per data directory. @throws Trouble with the address of the one that runs */
const takeLock = async () => {
  const got = tryLock(lockOf(dataDir), "start");
  if ("release" in got) return got.release;
  if (got.holder.purpose !== "start") {
    steps.line(`  Waiting for \`npm run ${got.holder.purpose}\` (process ${got.holder.pid}) to end.`);
    const late = await waitLock(lockOf(dataDir), "start", { ms: 60_000 });
    if (late) return late;
  }
  const address = liveRun(dataDir)?.address;
  throw new Trouble(
    `MLQueue already runs on ${dataDir} (process ${got.holder.pid})${address ? ` at ${address}` : ", it is still starting"}: use that one, stop it first, or set DATA_DIR to another folder.`,
  );
};

const keep = (title, start) => {
  const keeper = makeKeeper({ name: title, start, say: (sentence) => !stopping && steps.event(sentence) });
  keepers.push(keeper);
  return keeper;
};

const services = async (secrets, before) => {
  const last = (name) => ({ port: before?.ports?.[name], process: survivors(before)[name] });
  const postgres = postgresService({
    dataDir,
    password: secrets.dbPassword,
    given: givenDatabase(env),
    last: last("postgres"),
  });
  const redis = redisService({ dataDir, password: secrets.redisPassword, given: givenRedis(env), last: last("redis") });
  ours = { postgres: postgres.ours, redis: redis.ours };
  for (const [name, title, one] of [
    ["postgres", "PostgreSQL", postgres],
    ["redis", "Redis", redis],
  ]) {
    const begin = async () => {
      const server = await one.start();
      if (!server) return null;
      run.ports[name] = server.port;
      track(name, server);
      return server;
    };
    await steps.step(title, async () => {
      if (one.ours) await keep(title, begin).begin();
      else await begin();
      return one.note;
    });
  }
  return { databaseUrl: postgres.url, redisUrl: redis.url };
};

/** Starts the web server on SERVER_PORT or the next free port. @returns {Promise<string>} what the step list says */
const web = async (childEnv, dist) => {
  const host = env.SERVER_HOST || "127.0.0.1";
  const wanted = Number(env.SERVER_PORT || 8080);
  if (!Number.isInteger(wanted) || wanted < 0 || wanted > 65535)
    throw new Trouble(`SERVER_PORT=${env.SERVER_PORT} is wrong: it must be from 0 to 65535.`);
  const settings = { dist, env: childEnv, log: logOf("web"), host };
  const keeper = keep("The web server", () => startWeb(settings, (one) => track("web", one)));
  for (let round = 0; ; round++) {
    settings.port = await nextFreePort(wanted, host);
    const address = `http://localhost:${settings.port}`;
    settings.env = {
      ...childEnv,
      SERVER_HOST: host,
      SERVER_PORT: String(settings.port),
      NEXTAUTH_URL: env.NEXTAUTH_URL || address,
    };
    run.ports.web = settings.port;
    try {
      await keeper.begin();
      save({ address: env.NEXTAUTH_URL || address });
      return settings.port === wanted || wanted === 0 ? run.address : `${run.address} (port ${wanted} is taken)`;
    } catch (error) {
      // Somebody may have taken the port since it was looked at.
      if (stopping || round === 2 || (await isFree(settings.port, host))) throw error;
    }
  }
};

const main = async () => {
  checkNode();
  checkProductionSecrets(env);
  release = await takeLock();
  mkdirSync(path.join(dataDir, "logs"), { recursive: true });
  const before = readRun(dataDir);
  save({ ports: before?.ports ?? {}, processes: survivors(before) });

  await steps.step("Packages", (say) => install({ env, log: logOf("install"), say }));
  const old = await endOldApp(dataDir, before);
  if (old > 0) steps.line(`    Ended ${old} left of an earlier run, whose supervisor was killed.`);
  const secrets = keepSecrets(dataDir);
  const urls = await services(secrets, before);
  save(urls);
  let dist = null;
  if (!dev)
    await steps.step("Build", async (say) => {
      const made = await build({ env, log: logOf("build"), dataDirs: [dataDir], say });
      dist = made.dist;
      return made.built ? path.relative(ROOT, dist) : "up to date";
    });
  save({ dist });
  graceSeconds = Number(env.SHUTDOWN_GRACE_SECONDS || 5);
  const childEnv = {
    ...programEnv({ env: withSecrets(env, secrets), dataDir, dist, ...urls }),
    SHUTDOWN_GRACE_SECONDS: String(graceSeconds),
  };
  await steps.step("Migrations", async () => {
    await migrate({ dist, env: childEnv, log: logOf("migrate") });
    return "up to date";
  });
  // The three wait for the database more than for the processor, so they start side by side.
  const account = bootstrap({
    dist,
    env: {
      ...childEnv,
      BOOTSTRAP_EMAIL: env.BOOTSTRAP_EMAIL || "admin@localhost",
      BOOTSTRAP_PASSWORD: env.BOOTSTRAP_PASSWORD || secrets.firstPassword,
    },
    log: logOf("account"),
  });
  const workerKeeper = keep("The worker", () =>
    startWorker({ dist, env: childEnv, log: logOf("worker") }, (one) => track("worker", one)),
  );
  const worker = workerKeeper.begin();
  for (const one of [account, worker]) one.catch(() => {});
  await steps.step("Web server", () => web(childEnv, dist));
  await steps.step("Worker", async () => {
    await worker;
    return "ready";
  });
  let first;
  await steps.step("First account", async () => {
    first = await account;
    if (first.apiKey) writeSecrets(dataDir, Object.assign(secrets, { firstApiKey: first.apiKey }));
    return first.created ? `${first.email}, made` : first.email;
  });
  for (const one of keepers) one.keep();
  const apiKey = first.apiKey ?? secrets.firstApiKey ?? env.BOOTSTRAP_API_KEY;
  const password = env.BOOTSTRAP_PASSWORD || secrets.firstPassword;
  for (const line of welcome({
    address: run.address,
    email: first.email,
    password,
    apiKey,
    ms: performance.now(),
    dataDir: path.relative(process.cwd(), dataDir) || dataDir,
    paint: steps.paint,
  }))
    steps.line(line);
  if (dev) develop();
};

const develop = () => {
  showLogs({ web: logOf("web"), worker: logOf("worker") }, (line) => steps.line(line));
  watchSources((file) => {
    if (stopping) return;
    steps.event(`${file} changed`);
    const changed = file.startsWith("worker/") ? ["The worker"] : ["The worker", "The web server"];
    for (const one of keepers) if (changed.includes(one.name)) one.restart((graceSeconds + 3) * 1000);
  });
};

const stop = async (code) => {
  if (stopping) return;
  stopping = true;
  if (!release) process.exit(code);
  const began = performance.now();
  for (const one of keepers) one.release();
  killCommands();
  try {
    await stopAll({ dataDir, processes: run.processes, graceSeconds, ours });
    save({ processes: {}, databaseUrl: undefined, redisUrl: undefined });
    steps.line(`  Stopped in ${seconds(performance.now() - began)}.`);
  } catch (error) {
    report(error);
  }
  release();
  process.exit(code);
};

onStop(
  (reason) => {
    if (release)
      steps.line(`\n  Stopping (${reason}): the worker, the web server, Redis, PostgreSQL. Once more to force it.`);
    stop(0);
  },
  async () => {
    if (release) await killAll(dataDir, run.processes);
    release?.();
    process.exit(130);
  },
);

const fail = (error) => {
  if (stopping) return;
  report(error);
  stop(1);
};
process.on("uncaughtException", fail);
process.on("unhandledRejection", fail);
main().catch(fail);
