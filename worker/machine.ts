// What this machine offers: slots, GPUs, CPUs, memory.
import { execFile } from "node:child_process";
import { availableParallelism, totalmem } from "node:os";
import { promisify } from "node:util";
import type { Env } from "../src/platform/env";

const run = promisify(execFile);

/** Indices of the GPUs that nvidia-smi lists; none where there is no nvidia-smi. */
const findGpus = async (): Promise<string[]> => {
  try {
    const { stdout } = await run("nvidia-smi", ["--query-gpu=index", "--format=csv,noheader"], { timeout: 10_000 });
    return stdout
      .split("\n")
      .map((line) => line.trim())
      .filter((line) => /^\d+$/.test(line));
  } catch {
    // No nvidia-smi, or no driver behind it: a machine without GPUs.
    return [];
  }
};

export type Machine = { slots: number; gpus: string[]; cpus: number; memoryMb: number };

export const describeMachine = async (env: Env): Promise<Machine> => ({
  slots: env.QUEUE_WORKER_COUNT,
  gpus: env.WORKER_GPUS ?? (await findGpus()),
  cpus: env.WORKER_CPUS ?? availableParallelism(),
  memoryMb: env.WORKER_MEMORY_MB ?? Math.floor(totalmem() / 2 ** 20),
});
