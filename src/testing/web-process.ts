// The web server as a process of its own, as `npm start` runs it. It needs the build: a file that uses it names MLQUEUE_DIST.
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { programArgs, programEnv } from "../../scripts/lib/app.mjs";
import { freePort } from "../../scripts/lib/ports.mjs";

export type WebProcess = {
  url: string;
  port: number;
  child: ChildProcess;
  /** all that it wrote */
  log: () => string;
  /** what it holds of the machine's memory */
  residentBytes: () => number;
};

const built = (): string => {
  const dist = process.env.MLQUEUE_DIST;
  if (!dist) throw new Error("MLQUEUE_DIST is not set: run the tests with `npm test`, which builds.");
  return dist;
};

/** Call once at the top of a test file, after useTestServices; the servers are killed after the file's tests. */
export const useWebProcesses = (): {
  dataDir: string;
  start: (env?: Record<string, string>) => Promise<WebProcess>;
} => {
  const dataDir = mkdtempSync(join(process.env.DATA_DIR ?? tmpdir(), "web-"));
  const children: ChildProcess[] = [];
  mkdirSync(join(dataDir, "logs"), { recursive: true });
  afterAll(async () => {
    const alive = children.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null);
    const gone = alive.map((child) => new Promise((done) => child.once("exit", done)));
    for (const child of alive) child.kill("SIGKILL");
    await Promise.all(gone);
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  });

  const start = async (env: Record<string, string> = {}): Promise<WebProcess> => {
    const dist = built();
    const port = await freePort();
    const file = join(dataDir, "logs", `web-${children.length}.log`);
    const output = openSync(file, "a");
    const child = spawn(process.execPath, programArgs("server", dist), {
      env: {
        ...programEnv({ env: { ...process.env }, dataDir, dist, databaseUrl: process.env.DATABASE_URL ?? "" }),
        NODE_ENV: "production",
        SERVER_HOST: "127.0.0.1",
        SERVER_PORT: String(port),
        LOG_LEVEL: "info",
        ...env,
      },
      stdio: ["ignore", output, output],
    });
    closeSync(output);
    children.push(child);
    const log = () => readFileSync(file, "utf8");
    const url = `http://127.0.0.1:${port}`;
    const isHealthy = () =>
      fetch(`${url}/health`).then(
        ({ ok }) => ok,
        () => false,
      );
    while (!(await isHealthy())) {
      if (child.exitCode !== null) throw new Error(`The web server ended with ${child.exitCode}:\n${log()}`);
      await new Promise((done) => setTimeout(done, 50));
    }
    const residentBytes = () =>
      Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${child.pid}/status`, "utf8"))?.[1]) * 1024;
    return { url, port, child, log, residentBytes };
  };
  return { dataDir, start };
};
