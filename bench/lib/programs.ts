// Our own web server and worker as processes, built as `npm start` runs them, and bare servers to compare with.
import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { programArgs, programEnv } from "../../scripts/lib/app.mjs";
import { freePort } from "../../scripts/lib/ports.mjs";
import type { BenchServices } from "./services";

export type Program = { pid: number; log: string; stop: () => Promise<void> };

const HOST = "127.0.0.1";
const READY_MS = 60_000;
const STOP_MS = 10_000;

/** What runs now, for a bench that fails half-way. */
const started = new Set<Program>();

const built = (): string => {
  const dist = process.env.MLQUEUE_DIST;
  if (!dist) throw new Error("MLQUEUE_DIST is not set: measure with `npm run bench`, which builds first.");
  return dist;
};

const dataDir = (): string => path.resolve(process.env.DATA_DIR ?? ".data");

let launched = 0;

/** Starts node in a process group of its own, its output in a log, and waits until it is ready. */
const launch = async (
  name: string,
  args: string[],
  env: NodeJS.ProcessEnv,
  isReady: (log: string) => Promise<boolean>,
): Promise<Program> => {
  const log = path.join(dataDir(), "logs", `bench-${name}-${++launched}.log`);
  mkdirSync(path.dirname(log), { recursive: true });
  const fd = openSync(log, "w");
  const child = spawn(
    process.execPath,
    [...(process.env.PROF ? ["--cpu-prof", "--cpu-prof-dir", process.env.PROF] : []), ...args],
    { env, detached: true, stdio: ["ignore", fd, fd] },
  );
  closeSync(fd);
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const program: Program = {
    pid: child.pid ?? 0,
    log,
    stop: async () => {
      started.delete(program);
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
      await exited;
      clearTimeout(timer);
    },
  };
  started.add(program);
  const deadline = performance.now() + READY_MS;
  while (!(await isReady(log))) {
    if (child.exitCode !== null || performance.now() > deadline)
      throw new Error(`The ${name} did not get ready:\n${readFileSync(log, "utf8").slice(-2000)}`);
    await wait(50);
  }
  return program;
};

export const stopPrograms = async (): Promise<void> => {
  await Promise.all([...started].map((one) => one.stop()));
};

const answers = (url: string) => (): Promise<boolean> =>
  fetch(url).then(
    async (response) => {
      await response.arrayBuffer();
      return response.ok;
    },
    () => false,
  );

const ourEnv = (services: BenchServices, settings: Record<string, string>): NodeJS.ProcessEnv => ({
  ...programEnv({
    env: { ...process.env, ...settings },
    dataDir: dataDir(),
    dist: built(),
    databaseUrl: services.databaseUrl,
    redisUrl: services.redisUrl,
  }),
  NODE_ENV: "production",
});

export type Server = Program & { address: string };

/** The web server, answering. */
export const openWeb = async (services: BenchServices, settings: Record<string, string> = {}): Promise<Server> => {
  const port = String(await freePort());
  const address = `http://${HOST}:${port}`;
  const env = { ...ourEnv(services, settings), SERVER_HOST: HOST, SERVER_PORT: port };
  const program = await launch("web", programArgs("server", built()), env, answers(`${address}/health`));
  return { ...program, address };
};

/** A worker, registered and claiming. */
export const openWorker = (services: BenchServices, settings: Record<string, string> = {}): Promise<Program> => {
  const env = { ...ourEnv(services, settings), LOG_LEVEL: "info", SHUTDOWN_GRACE_SECONDS: "1" };
  const isReady = async (log: string) => readFileSync(log, "utf8").includes('"worker ready"');
  return launch("worker", programArgs("worker", built()), env, isReady);
};

/** A bare server to compare with, answering. @param file a program of node's that listens on BARE_PORT */
export const openBare = async (services: BenchServices, file: string): Promise<Server> => {
  const port = String(await freePort());
  const address = `http://${HOST}:${port}`;
  const env = {
    ...process.env,
    DATABASE_URL: services.databaseUrl,
    REDIS_URL: services.redisUrl,
    REDIS_PREFIX: services.redisPrefix,
    BARE_USER: services.userId,
    BARE_PORT: port,
  };
  return { ...(await launch("bare", [file], env, answers(address))), address };
};

/** Resident memory of a process, in MB. */
export const residentMb = (pid: number): number => {
  const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return (Number(kilobytes) * 1024) / 1e6;
};
