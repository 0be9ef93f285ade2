// A real worker process for tests: the build when there is one, else the sources.
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll } from "vitest";

export type WorkerProcess = {
  child: ChildProcess;
  log: () => string;
  /** SIGTERM, and wait. @returns its exit code */
  stop: () => Promise<number | null>;
  kill: () => Promise<void>;
};

/** Starts workers that share a data directory; all of them are killed after the file's tests. */
export const useWorkers = (): { dataDir: string; start: (env?: Record<string, string>) => Promise<WorkerProcess> } => {
  const dataDir = mkdtempSync(join(process.env.DATA_DIR ?? tmpdir(), "worker-"));
  const children: ChildProcess[] = [];
  mkdirSync(join(dataDir, "logs"), { recursive: true });
  afterAll(() => {
    for (const child of children) child.kill("SIGKILL");
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  });

  const start = async (env: Record<string, string> = {}): Promise<WorkerProcess> => {
    const file = join(dataDir, "logs", `${children.length}.log`);
    const output = openSync(file, "a");
    const dist = process.env.MLQUEUE_DIST;
    const args = dist ? [join(dist, "worker.mjs")] : ["--import", "tsx", resolve("worker/main.ts")];
    const child = spawn(process.execPath, args, {
      env: {
        ...process.env,
        LOG_LEVEL: "info",
        DATA_DIR: dataDir,
        ALLOW_COMMANDS: "true",
        QUEUE_WORKER_COUNT: "4",
        ...env,
      },
      stdio: ["ignore", output, output],
    });
    closeSync(output);
    children.push(child);
    const exited = new Promise<number | null>((done) => child.once("exit", (code) => done(code)));
    const log = () => readFileSync(file, "utf8");
    const end = (signal: NodeJS.Signals) => {
      child.kill(signal);
      return exited;
    };
    while (!log().includes("worker ready")) {
      if (child.exitCode !== null) throw new Error(`The worker ended with ${child.exitCode}:\n${log()}`);
      await new Promise((done) => setTimeout(done, 20));
    }
    return { child, log, stop: () => end("SIGTERM"), kill: async () => void (await end("SIGKILL")) };
  };
  return { dataDir, start };
};
