// Ends the processes of a data directory: in order at a stop, and those that a killed supervisor left behind.

import { findPostgresIn, stopPostgres } from "./postgres.mjs";
import { end, findByEnvironment, isAlive, killPrograms, send, sendGroup, waitGone } from "./processes.mjs";
import { findRedisIn, stopRedis } from "./redis.mjs";
import { survivors } from "./run-file.mjs";

const marked = (dataDir, role) => findByEnvironment([`MLQUEUE_DATA_DIR=${dataDir}`, `MLQUEUE_SERVICE=${role}`]);

/** The named process and all others of its role, each once. */
const allOf = (dataDir, role, known) => {
  const found = [...(known && isAlive(known) ? [known] : []), ...marked(dataDir, role)];
  return [...new Map(found.map((one) => [`${one.pid} ${one.startTime}`, one])).values()];
};

/**
 * Ends workers and then their programs.
 *
 * A worker ends its programs itself and gives their tasks back; what it leaves after `ms` is killed with it. Its programs
 * have groups and sessions of their own, so they are looked for by their marks.
 */
const endWorkers = async (workers, dataDir, ms) => {
  await Promise.all(
    workers.map((one) =>
      end(one, [
        ["SIGTERM", ms],
        ["SIGKILL", 500],
      ]),
    ),
  );
  for (const one of workers) sendGroup(one, "SIGKILL");
  await killPrograms(dataDir);
};

const endWebs = async (webs, ms) => {
  await Promise.all(
    webs.map((one) =>
      end(one, [
        ["SIGTERM", ms],
        ["SIGKILL", 500],
      ]),
    ),
  );
  for (const one of webs) sendGroup(one, "SIGKILL");
};

/** Ends the web server and the worker of an earlier run whose supervisor was killed. PostgreSQL and Redis are taken over. */
export const endOldApp = async (dataDir, run) => {
  const old = survivors(run);
  const workers = allOf(dataDir, "worker", old.worker);
  const webs = allOf(dataDir, "web", old.web);
  if (workers.length > 0) await endWorkers(workers, dataDir, 8000);
  await endWebs(webs, 2000);
  return workers.length + webs.length;
};

/**
 * Stops everything of a data directory: the worker with its programs, the web server, Redis, PostgreSQL, within 10 s.
 *
 * Also finds what was started a moment ago and not written down yet.
 *
 * @param {{dataDir: string, processes: Record<string, {pid: number, startTime: string}>, graceSeconds: number, ours: {postgres: boolean, redis: boolean}}} options
 *   graceSeconds: what the worker gives its programs
 */
export const stopAll = async ({ dataDir, processes, graceSeconds, ours }) => {
  const began = performance.now();
  const left = (until) => Math.max(300, until - (performance.now() - began));
  const workerMs = (graceSeconds + 3) * 1000;
  await endWorkers(allOf(dataDir, "worker", processes.worker), dataDir, workerMs);
  await endWebs(allOf(dataDir, "web", processes.web), Math.min(6000, left(workerMs + 1000)));
  for (const one of [processes.redis, ...findRedisIn(dataDir)])
    if (ours.redis && one && isAlive(one)) await stopRedis(one);
  if (ours.postgres && processes.postgres) await stopPostgres(processes.postgres, Math.max(700, left(workerMs + 1500)));
  for (const one of findPostgresIn(dataDir)) {
    send(one, "SIGQUIT");
    if (!(await waitGone(one, 300))) send(one, "SIGKILL");
  }
};

/** For a second Ctrl-C: everything at once, without a goodbye. PostgreSQL recovers from it at the next start. */
export const killAll = (dataDir, processes) => {
  for (const one of Object.values(processes)) {
    send(one, "SIGKILL");
    sendGroup(one, "SIGKILL");
  }
  for (const role of ["worker", "web"]) for (const one of marked(dataDir, role)) send(one, "SIGKILL");
  for (const one of [...findRedisIn(dataDir), ...findPostgresIn(dataDir)]) send(one, "SIGKILL");
  return killPrograms(dataDir);
};
