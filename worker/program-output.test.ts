import { appendFileSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterEach, expect, onTestFinished, test, vi } from "vitest";
import type { LogLine } from "../src/logs/append";
import type { MetricPoint } from "../src/metrics/append";
import type { Limits } from "./line-buffer";
import { ProgramOutput } from "./program-output";

const away = () => Object.assign(new Error("connection refused"), { code: "ECONNREFUSED" });

const makeOutput = (
  options: { limits?: Partial<Limits>; beforeLines?: () => Promise<void>; now?: () => number } = {},
) => {
  const lines: LogLine[] = [];
  const points: MetricPoint[] = [];
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const output = new ProgramOutput({
    sink: {
      lines: async (batch) => {
        await options.beforeLines?.();
        lines.push(...batch);
      },
      points: async (batch) => {
        points.push(...batch);
      },
    },
    ...(options.now && { now: options.now }),
    ...(options.limits && { limits: options.limits }),
  });
  output.attach(stdout, stderr);
  return { output, stdout, stderr, lines, points, texts: () => lines.map(([, , text]) => text) };
};

const makeFile = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "mlqueue-output-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  return join(folder, "metrics.jsonl");
};

/** All that was written to a PassThrough has been read. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

afterEach(() => {
  vi.useRealTimers();
});

test("lines of both streams keep their order and have their stream and time", async () => {
  let time = 1000;
  const { output, stdout, stderr, lines } = makeOutput({ now: () => time });
  stdout.write("one\n");
  time = 2000;
  stderr.write("two\n");
  time = 3000;
  stdout.write("three");
  await settled();
  await output.close();
  expect(lines).toEqual([
    [1000, "stdout", "one"],
    [2000, "stderr", "two"],
    [3000, "stdout", "three"],
  ]);
});

test("a line reaches the sink within a second while the program runs", async () => {
  const { output, stdout, texts } = makeOutput();
  stdout.write("hello\n");
  await vi.waitFor(() => expect(texts()).toEqual(["hello"]), { timeout: 1000, interval: 10 });
  await output.close();
});

test("an unfinished line shows up within a second as it stands, and in its final state when it ends", async () => {
  const { output, stdout, stderr, texts } = makeOutput();
  stderr.write("\r 10%\r 20%");
  await vi.waitFor(() => expect(texts()).toEqual([" 20%"]), { timeout: 1000, interval: 10 });
  for (let percent = 21; percent <= 100; percent++) stderr.write(`\r${percent}%`);
  stderr.write("\r100%\n");
  stdout.write("end\n");
  await settled();
  await output.close();
  expect(texts()).toEqual([" 20%", "100%", "end"]);
});

test("an unfinished line that was shown already is not repeated when only its newline comes", async () => {
  const { output, stdout, texts } = makeOutput();
  stdout.write("Loading...");
  await vi.waitFor(() => expect(texts()).toEqual(["Loading..."]), { timeout: 1000, interval: 10 });
  stdout.write("\nnext\n");
  await settled();
  await output.close();
  expect(texts()).toEqual(["Loading...", "next"]);
});

test("while the sink is away nothing is lost or swapped", async () => {
  let fails = 3;
  const { output, stdout, texts } = makeOutput({
    beforeLines: async () => {
      if (fails-- > 0) throw away();
    },
  });
  for (let n = 1; n <= 2000; n++) stdout.write(`${n}\n`);
  await settled();
  await output.close();
  expect(texts()).toEqual(Array.from({ length: 2000 }, (_, index) => String(index + 1)));
});

test("a sink that never comes back ends at close's deadline, not later and without a throw", async () => {
  const { output, stdout } = makeOutput({ beforeLines: () => new Promise(() => {}) });
  stdout.write("lost\n");
  await settled();
  const startedAt = Date.now();
  await output.close(300);
  expect(Date.now() - startedAt).toBeLessThan(1500);
});

test("a sink that hangs holds up the program for a second at most, and memory stays bounded", async () => {
  let release = () => {};
  const hanging = new Promise<void>((resolve) => {
    release = resolve;
  });
  const { output, stdout, texts } = makeOutput({ beforeLines: () => hanging, limits: { tailLines: 1000 } });
  const startedAt = Date.now();
  for (let n = 0; n < 100; n++) {
    const block = Array.from({ length: 1000 }, (_, index) => `line ${n * 1000 + index}\n`).join("");
    if (!stdout.write(block)) await new Promise((resolve) => stdout.once("drain", resolve));
  }
  // A pause at every block would take longer than a minute.
  expect(Date.now() - startedAt).toBeLessThan(8000);
  await settled();
  release();
  await output.close();
  expect(texts().length).toBeLessThan(2000);
  expect(texts().find((text) => text.includes("lines left out"))).toBeDefined();
  expect(texts().at(-1)).toBe("line 99999");
});

test("the last lines on stderr are at hand, the unfinished one too", async () => {
  const { output, stdout, stderr } = makeOutput();
  for (let n = 1; n <= 30; n++) stderr.write(`error ${n}\n`);
  stderr.write("unfinished");
  stdout.write("not this\n");
  output.note("nor this");
  await settled();
  expect(output.lastStderrLines(2)).toEqual(["error 30", "unfinished"]);
  await output.close();
  expect(output.lastStderrLines(20)).toHaveLength(20);
});

test("a printed metric line is a point and stays a line", async () => {
  const { output, stdout, texts, points } = makeOutput();
  stdout.write('{"step": 1, "loss": 0.5}\n{"step": 2, "loss":\n');
  await settled();
  await output.close();
  expect(points).toMatchObject([{ key: "loss", step: 1, value: 0.5 }]);
  expect(texts()).toHaveLength(2);
});

test("the metrics file is followed while it grows; an unfinished line waits and is taken at the end", async () => {
  const path = makeFile();
  const { output, points } = makeOutput();
  output.tailMetrics(path);
  writeFileSync(path, '{"step": 1, "loss": 3}\n{"step": 2, ');
  await vi.waitFor(() => expect(points).toHaveLength(1), { timeout: 1000, interval: 10 });
  appendFileSync(path, '"loss": 2}\n{"step": 3, "loss": 1}');
  await vi.waitFor(() => expect(points).toHaveLength(2), { timeout: 1000, interval: 10 });
  await output.close();
  expect(points.map(({ step, value }) => [step, value])).toEqual([
    [1, 3],
    [2, 2],
    [3, 1],
  ]);
});

test("a metrics file that was cut short or replaced is read from its start", async () => {
  const path = makeFile();
  const { output, points } = makeOutput();
  const steps = () => points.map(({ step }) => step);
  output.tailMetrics(path);
  writeFileSync(path, '{"step": 1, "loss": 3}\n{"step": 2, "loss": 3}\n{"st');
  await vi.waitFor(() => expect(steps()).toEqual([1, 2]), { timeout: 1000, interval: 10 });
  truncateSync(path);
  appendFileSync(path, '{"step": 10, "loss": 3}\n');
  await vi.waitFor(() => expect(steps()).toEqual([1, 2, 10]), { timeout: 1000, interval: 10 });
  writeFileSync(`${path}.new`, '{"step": 20, "loss": 3}\n{"step": 21, "loss": 3}\n{"step": 22, "loss": 3}\n');
  renameSync(`${path}.new`, path);
  await output.close();
  expect(steps()).toEqual([1, 2, 10, 20, 21, 22]);
});

test("malformed metric lines are told once and stop nothing", async () => {
  const path = makeFile();
  const { output, points, lines } = makeOutput();
  output.tailMetrics(path);
  writeFileSync(path, 'loss: 3\n{"loss": 1}\n\n{"step": 1, "loss": 3}\n');
  await output.close();
  expect(points).toHaveLength(1);
  expect(lines).toMatchObject([[expect.any(Number), "stderr", expect.stringContaining('such as "loss: 3"')]]);
});

test("a metrics file of 200,000 lines is read whole, in batches, at close", async () => {
  const path = makeFile();
  writeFileSync(path, Array.from({ length: 200_000 }, (_, step) => `{"step":${step},"loss":${step / 7}}`).join("\n"));
  const { output, points } = makeOutput();
  output.tailMetrics(path);
  await output.close();
  expect(points).toHaveLength(200_000);
  expect(points.at(-1)?.step).toBe(199_999);
});

test("a metrics path that is a folder is told, not thrown", async () => {
  const path = makeFile();
  const { output, points } = makeOutput();
  output.tailMetrics(join(path, ".."));
  await output.close();
  expect(points).toEqual([]);
});
