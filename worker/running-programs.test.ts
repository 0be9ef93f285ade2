// Real programs, from their first byte to the sink.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import type { LogLine } from "../src/logs/append";
import type { MetricPoint } from "../src/metrics/append";
import { Launcher } from "./executors/launcher";
import { startProgram } from "./executors/process";
import type { Limits } from "./line-buffer";
import { ProgramOutput } from "./program-output";

let launcher: Launcher | null = null;
beforeAll(async () => {
  launcher = await Launcher.start();
});
afterAll(() => launcher?.close());

let count = 0;
const run = async (file: string, args: string[] = [], limits: Partial<Limits> = {}) => {
  const folder = mkdtempSync(join(tmpdir(), "mlqueue-running-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const lines: LogLine[] = [];
  const points: MetricPoint[] = [];
  const output = new ProgramOutput({
    sink: { lines: async (batch) => lines.push(...batch), points: async (batch) => points.push(...batch) },
    limits,
  });
  const mark = { taskId: `task_running_${process.pid}_${++count}`, attempt: 1 };
  const metrics = join(folder, "metrics.jsonl");
  const env = {
    PATH: process.env.PATH ?? "",
    MLQUEUE_TASK_ID: mark.taskId,
    MLQUEUE_ATTEMPT: "1",
    MLQUEUE_METRICS: metrics,
  };
  const argv = [process.execPath, join(import.meta.dirname, "test-programs", file), ...args];
  const program = await startProgram({ argv, cwd: folder, env, mark }, launcher);
  output.attach(program.stdout, program.stderr);
  output.tailMetrics(metrics);
  expect(await program.ended).toMatchObject({ exitCode: 0 });
  await output.close();
  return { texts: lines.map(([, , text]) => text), streams: new Set(lines.map(([, stream]) => stream)), points };
};

test("of a flood that fits no line is missing", async () => {
  const { texts } = await run("floods-stdout.mjs", ["300000"]);
  expect(texts).toHaveLength(300_000);
  expect(texts.findIndex((text, index) => text !== `line ${index + 1} of a flood`)).toBe(-1);
});

test("of a larger flood head and tail are kept, with a note between", async () => {
  const { texts } = await run("floods-stdout.mjs", ["100000"], { headLines: 5000, tailLines: 10_000 });
  const at = texts.findIndex((text) => text.includes("lines left out"));
  const leftOut = Number(/([\d,]+) lines left out/.exec(texts[at] ?? "")?.[1]?.replaceAll(",", ""));
  const notes = texts.filter((text) => text.startsWith("WARN mlqueue: ")).length;
  expect(texts.slice(0, 5000)).toEqual(Array.from({ length: 5000 }, (_, index) => `line ${index + 1} of a flood`));
  expect(texts.at(-1)).toBe("line 100000 of a flood");
  expect(texts.length - notes + leftOut).toBe(100_000);
});

test("a line without an end is cut and takes no memory", async () => {
  const before = process.memoryUsage().rss;
  const { texts } = await run("endless-line.mjs", ["100000000"]);
  // Once while it was unfinished, at most, and once at its end.
  expect(texts.length).toBeLessThanOrEqual(2);
  expect(texts.at(-1)).toMatch(/^x{16384} … \[99,983,616 bytes cut\]$/);
  expect(process.memoryUsage().rss - before).toBeLessThan(100e6);
});

test("bytes that are no text become replacements", async () => {
  const { texts } = await run("binary-output.mjs");
  expect(texts.slice(-3)).toEqual(["\uFFFD(␀", "é", "\uFFFD"]);
});

test("of a quick progress bar the final state is kept", async () => {
  const { texts, streams } = await run("progress-bar.mjs", ["20", "10"]);
  expect(texts.at(-1)).toBe("100%|██████████| 20/20");
  expect(texts.length).toBeLessThanOrEqual(2);
  expect(streams).toEqual(new Set(["stderr"]));
});

test("points come from the metrics file and from printed lines", async () => {
  const { texts, points } = await run("writes-metrics.mjs", ["3"]);
  expect(points.map(({ key, step }) => `${key} ${step}`).sort()).toEqual(["accuracy 0", "loss 0", "loss 1", "loss 2"]);
  expect(texts).toEqual(['{"step": 0, "accuracy": 0.5, "note": "printed"}']);
});
