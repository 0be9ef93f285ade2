// Our own web server and worker as processes, built as `npm start` runs them.
import { readFileSync } from "node:fs";
import path from "node:path";
import { programEnv, startWeb, startWorker } from "../../scripts/lib/app.mjs";
import { launch } from "../../scripts/lib/command.mjs";
import { freePort } from "../../scripts/lib/ports.mjs";
import { end } from "../../scripts/lib/processes.mjs";
import type { BenchServices } from "./services";

export type Program = { pid: number; stop: () => Promise<void> };

/** What runs now, for a bench that fails half-way. */
const started = new Set<Program>();

const built = (): string => {
  const dist = process.env.MLQUEUE_DIST;
  if (!dist) throw new Error("MLQUEUE_DIST is not set: measure with `npm run bench`, which builds first.");
  return dist;
};

const dataDir = (): string => path.resolve(process.env.DATA_DIR ?? ".data");

const envFor = (services: BenchServices, settings: Record<string, string>) =>
  programEnv({
    env: { ...process.env, ...settings },
    dataDir: dataDir(),
    dist: built(),
    databaseUrl: services.databaseUrl,
    redisUrl: services.redisUrl,
  });

const LADDER: [string, number][] = [
  ["SIGTERM", 10_000],
  ["SIGKILL", 2000],
];

const track = (one: { pid: number; startTime: string | null }): Program => {
  const program: Program = {
    pid: one.pid,
    stop: async () => {
      started.delete(program);
      await end(one, LADDER);
    },
  };
  started.add(program);
  return program;
};

/** The web server, answering. */
export const openWeb = async (services: BenchServices, settings: Record<string, string> = {}): Promise<Program & { address: string }> => {
  const port = await freePort();
  const host = "127.0.0.1";
  const env = { ...envFor(services, settings), SERVER_HOST: host, SERVER_PORT: String(port) };
  const log = path.join(dataDir(), "logs", "bench-web.log");
  const one = await startWeb({ dist: built(), env, log, host, port }, track);
  return { ...programOf(one.pid), address: `http://${host}:${port}` };
};

/** A bare server to compare with, answering. @param file listens on BARE_PORT */
export const openBare = async (services: BenchServices, file: string): Promise<Program & { address: string }> => {
  const port = await freePort();
  const env = {
    ...process.env,
    DATABASE_URL: services.databaseUrl,
    REDIS_URL: services.redisUrl,
    REDIS_PREFIX: services.redisPrefix,
    BARE_USER: services.userId,
    BARE_PORT: String(port),
  };
  const program = track(launch(process.execPath, [file], { env, log: path.join(dataDir(), "logs", "bench-bare.log") }));
  const address = `http://127.0.0.1:${port}`;
  for (let tries = 0; !(await answers(address)); tries++) {
    if (tries > 200) throw new Error(`The bare server ${path.basename(file)} did not start.`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { ...program, address };
};

const answers = (address: string): Promise<boolean> =>
  fetch(address).then(
    (response) => response.text().then(() => true),
    () => false,
  );

/** A worker, registered and claiming. */
export const openWorker = async (services: BenchServices, settings: Record<string, string> = {}): Promise<Program> => {
  const env = { ...envFor(services, settings), LOG_LEVEL: "info", SHUTDOWN_GRACE_SECONDS: "1" };
  const log = path.join(dataDir(), "logs", "bench-worker.log");
  const one = await startWorker({ dist: built(), env, log }, track);
  return programOf(one.pid);
};

const programOf = (pid: number): Program => {
  const found = [...started].find((one) => one.pid === pid);
  if (!found) throw new Error(`The program ${pid} ended at its start.`);
  return found;
};

export const stopPrograms = async (): Promise<void> => {
  await Promise.all([...started].map((one) => one.stop()));
};

/** Resident memory of a process, in MB. */
export const residentMb = (pid: number): number => {
  const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return (Number(kilobytes) * 1024) / 1e6;
};
