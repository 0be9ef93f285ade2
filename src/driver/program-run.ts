// Any program as a driver: the same files and variables that the programs of V1 tasks are given.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fillCommand, programConfig } from "../programs/command";
import { metricPoints } from "../programs/metric-lines";
import { MetricsTail } from "../programs/metrics-tail";
import { readResult } from "../programs/result-file";
import type { RunContext } from "./claimed-run";
import { ProgramError } from "./errors";

const POLL_MS = 250;
/** An environment variable holds 128 KiB; the config file holds any. */
const MAX_VARIABLE_BYTES = 100_000;

export type ProgramOptions = {
  /** program and arguments; `{params}` and `{config.NAME}` are filled in */
  command: string[];
  stateDir: string;
  graceMs: number | undefined;
};

type Files = { folder: string; config: string; metrics: string; result: string; checkpoints: string };

const makeFiles = (stateDir: string, { runId, attempt }: RunContext, config: Record<string, unknown>): Files => {
  const run = join(stateDir, "runs", runId);
  const folder = join(run, String(attempt));
  const files = {
    folder,
    config: join(folder, "config.json"),
    metrics: join(folder, "metrics.jsonl"),
    result: join(folder, "result.json"),
    checkpoints: join(run, "checkpoints"),
  };
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  mkdirSync(files.checkpoints, { recursive: true });
  writeFileSync(files.config, JSON.stringify(config));
  return files;
};

/** @throws ProgramError; the reason of `ctx.signal` when the run was aborted */
export const runProgram = async (
  ctx: RunContext,
  parameters: Record<string, unknown>,
  options: ProgramOptions,
): Promise<Record<string, unknown> | undefined> => {
  const config = programConfig(parameters);
  const filled = fillCommand(options.command, config);
  if ("error" in filled) throw new ProgramError(filled.error, null, null);
  const [program = "", ...args] = filled.argv;
  const files = makeFiles(options.stateDir, ctx, config);
  const params = JSON.stringify(config);
  const follower = followMetrics(ctx, files.metrics);
  try {
    await ctx.exec(program, args, {
      graceMs: options.graceMs,
      env: {
        MLQUEUE_CONFIG: files.config,
        MLQUEUE_RESULT: files.result,
        MLQUEUE_METRICS: files.metrics,
        MLQUEUE_CHECKPOINT_DIR: files.checkpoints,
        MLQUEUE_PARAMS: Buffer.byteLength(params) <= MAX_VARIABLE_BYTES ? params : undefined,
      },
    });
  } finally {
    await follower.finish();
  }
  const read = readResult(files.result);
  if ("problem" in read) throw new ProgramError(read.problem, 0, null);
  // Checkpoints stay: a later attempt on this machine may resume.
  rmSync(files.folder, { recursive: true, force: true });
  return read.result ?? undefined;
};

/** Points from the file, as they are appended. */
const followMetrics = (ctx: RunContext, path: string): { finish: () => Promise<void> } => {
  let hasNoted = false;
  const note = (text: string): void => {
    if (!hasNoted) ctx.print(`WARN mlqueue: ${text}`);
    hasNoted = true;
  };
  const tail = new MetricsTail(
    path,
    (line) => {
      const points = metricPoints(line, Date.now());
      if (points === null && line.trim() !== "")
        note(`the metrics file has a line that is not a JSON object with a number "step": ${line.slice(0, 200)}`);
      for (const { key, step, value } of points ?? []) ctx.log({ [key]: value }, { step });
    },
    () => false,
  );
  const poll = () => tail.poll().catch((error: Error) => note(`the metrics file could not be read: ${error.message}`));
  const timer = setInterval(() => void poll(), POLL_MS);
  return {
    finish: async () => {
      clearInterval(timer);
      await poll();
      tail.finish();
    },
  };
};
