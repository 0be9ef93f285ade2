// A worker: takes tasks, runs their programs, and looks after the queue. SIGTERM: claim nothing more, wait, give back.
import { hostname } from "node:os";
import { resolve } from "node:path";
import { closeDb } from "../src/platform/db";
import { EnvError, getEnv } from "../src/platform/env";
import { log } from "../src/platform/log";
import { closeRedis, openRedis } from "../src/platform/redis";
import { waitForSchema } from "../src/platform/schema-version";
import { sendTotals } from "../src/platform/totals";
import type { ClaimingWorker } from "../src/tasks/claim";
import { entrypointsDir, entrypointsIn } from "../src/tasks/entrypoints";
import { markDraining, markStopped, registerWorker } from "../src/tasks/worker-registry";
import { sweepCgroups } from "./cgroup";
import { bootId, describeContainment, pidNamespace, processStartTime } from "./containment";
import { EndSpool } from "./end-spool";
import { hasWardens, Launcher } from "./executors/launcher";
import { hasSetpriv } from "./executors/process";
import { inheritableEnv } from "./executors/program-env";
import { Housekeeping } from "./housekeeping";
import { sweepLimits } from "./limits";
import { describeMachine } from "./machine";
import { Pool } from "./pool";
import { Presence, WorkerName } from "./presence";
import { runTask } from "./run-task";
import type { RunningTask } from "./running-task";
import { UsedFolderStore } from "./used-folders";

const VERSION = "0.1.0";
/** At shutdown, after its grace is over: from SIGTERM to SIGKILL. */
const SHUTDOWN_KILL_MS = 1500;

const main = async (): Promise<void> => {
  const env = getEnv();
  const dataDir = resolve(process.env.MLQUEUE_ROOT || process.cwd(), env.DATA_DIR);
  await waitForSchema(env.DATABASE_URL);
  const machine = await describeMachine(env);
  const name = await WorkerName.take(env.DATABASE_URL, env.WORKER_NAME);
  const self = { pid: process.pid, pidStartTime: processStartTime(process.pid) ?? 0 };
  const here = { bootId: bootId(), pidNamespace: pidNamespace() };
  const queues = env.WORKER_QUEUES ?? null;
  const epoch = await registerWorker({
    workerId: name.name,
    host: hostname(),
    ...here,
    ...self,
    version: VERSION,
    ...machine,
    queues,
    entrypoints: entrypointsIn(entrypointsDir()),
    allowsCommands: env.ALLOW_COMMANDS,
  });
  const worker: ClaimingWorker = {
    workerId: name.name,
    epoch,
    ...here,
    ...self,
    queues,
    totals: { gpus: machine.gpus.length, cpus: machine.cpus, memoryMb: machine.memoryMb },
  };

  sweepCgroups();
  sweepLimits();
  const launcher = await Launcher.start();
  const running = new Map<string, RunningTask>();
  const claimsUnderWay = new Set<string>();
  const spool = new EndSpool(dataDir, self);
  const usedFolders = new UsedFolderStore(2 * machine.slots);
  const subscriber = openRedis(env.REDIS_URL, { subscriber: true });
  const presence = new Presence({
    worker,
    name,
    running,
    claimsUnderWay,
    cancelGraceMs: env.CANCEL_GRACE_SECONDS * 1000,
    guardFor: (seconds) => launcher?.guardFor(seconds),
    onSuperseded: () => {
      log.fatal({ worker: name.name }, "another process took this worker's name; this one stopped");
      pool.stopAll("lost", 0);
      void pool.allDone().finally(() => process.exit(1));
    },
  });
  const inherited = inheritableEnv(process.env);
  const context = {
    worker,
    host: hostname(),
    gpus: machine.gpus,
    env,
    inherited,
    dataDir,
    spool,
    usedFolders,
    launcher,
  };
  const pool = new Pool({
    worker,
    slots: machine.slots,
    running,
    claimsUnderWay,
    presence,
    start: (task) => runTask(task, context),
  });
  const housekeeping = new Housekeeping({ machine: here, self, spool, dataDir });

  presence.start();
  housekeeping.start();
  pool.start();
  // Hints only: neither may hold up a worker while Redis is away.
  for (const listening of [pool.listen(subscriber), presence.listen(subscriber)])
    listening.catch((error: Error) =>
      log.warn({ error: error.message }, "hints from redis are not heard; polling goes on"),
    );
  log.info(
    {
      worker: name.name,
      epoch,
      ...machine,
      queues: queues ?? "all",
      containment: describeContainment({ launcher: launcher !== null, wardens: hasWardens, setpriv: hasSetpriv }),
    },
    "worker ready",
  );

  const signal = await new Promise<string>((resolve) => {
    process.once("SIGTERM", resolve);
    process.once("SIGINT", resolve);
  });
  // First of all: whatever comes from now on is for other workers.
  const claimsHandled = pool.stopClaiming();
  log.info(
    { signal, running: running.size, graceSeconds: env.SHUTDOWN_GRACE_SECONDS },
    "worker stops: it claims nothing more",
  );
  await markDraining(worker).catch((error: Error) =>
    log.warn({ error: error.message }, "the pages do not know that this worker drains"),
  );
  await claimsHandled;
  const isOver = new Promise((resolve) => setTimeout(resolve, env.SHUTDOWN_GRACE_SECONDS * 1000).unref());
  await Promise.race([pool.allDone(), isOver]);
  pool.stopAll("shutdown", SHUTDOWN_KILL_MS);
  await pool.allDone();
  await presence.stop();
  await launcher?.close();
  await housekeeping.stop();
  spool.close();
  await usedFolders.removeAll();
  sweepCgroups();
  sweepLimits();
  await markStopped(worker).catch((error: Error) =>
    log.warn({ error: error.message }, "the pages do not know yet that this worker stopped"),
  );
  await name.release();
  subscriber.disconnect();
  await sendTotals();
  closeRedis();
  await closeDb();
  log.info({ worker: name.name }, "worker stopped");
};

process.on("unhandledRejection", (error) => {
  log.fatal({ error }, "a rejection was not handled");
  process.exit(1);
});

main().then(
  () => process.exit(0),
  (error: unknown) => {
    if (error instanceof EnvError) console.error(error.message);
    else
      log.fatal(
        {
          error: error instanceof Error ? error.message : String(error),
          stack: error instanceof Error ? error.stack : undefined,
        },
        "the worker could not start",
      );
    process.exit(1);
  },
);
