// The example programs, run as the worker runs them: real child processes that see only the MLQUEUE_* files.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { afterEach, describe, expect, test, vi } from "vitest";

type Json = Record<string, unknown>;
type Program = "train_digits.mjs" | "train_digits.py" | "fails_halfway.py";

const here = import.meta.dirname;
vi.setConfig({ testTimeout: 120_000 }); // the machine may be busy; idle, no test takes more than ten seconds
const hasPython = spawnSync("python3", ["--version"]).status === 0;
const programs: Program[] = hasPython ? ["train_digits.mjs", "train_digits.py"] : ["train_digits.mjs"];

const rooms: string[] = [];
const children = new Set<ChildProcess>();
afterEach(() => {
  for (const child of children) child.kill("SIGKILL");
  for (const room of rooms.splice(0)) rmSync(room, { recursive: true, force: true });
});

describe("the data set", () => {
  test("has at least 1,000 rows and 8 classes, and guessing the majority stays under 0.3", () => {
    const csv = gunzipSync(readFileSync(join(here, "data/digits.csv.gz"))).toString();
    const rows = csv.trim().split("\n");
    const counts = new Map<string, number>();
    for (const row of rows) {
      const label = row.slice(row.lastIndexOf(",") + 1);
      counts.set(label, (counts.get(label) ?? 0) + 1);
    }
    expect(rows).toHaveLength(1797);
    expect(new Set(rows.map((row) => row.split(",").length))).toEqual(new Set([65]));
    expect(counts.size).toBe(10);
    expect(Math.max(...counts.values()) / rows.length).toBeLessThan(0.3);
  });
});

describe("the grid of the README", () => {
  test("its best task is above 0.95 on the held-out digits; lr and epochs both change the result", async () => {
    const configs = gridOfReadme();
    expect(configs).toHaveLength(9);

    const accuracies = new Map<string, number>();
    for (const config of configs) {
      const { result } = await makeTask("train_digits.mjs", config).run();
      accuracies.set(`lr ${config.lr}, epochs ${config.epochs}`, Number(result?.accuracy));
    }
    const accuracy = (config: string) => accuracies.get(config) ?? Number.NaN;

    expect(Math.max(...accuracies.values())).toBeGreaterThan(0.95);
    expect(accuracy("lr 0.003, epochs 3")).toBeLessThan(0.6);
    expect(accuracy("lr 0.3, epochs 3") - accuracy("lr 0.003, epochs 3")).toBeGreaterThan(0.3);
    expect(accuracy("lr 0.003, epochs 30") - accuracy("lr 0.003, epochs 3")).toBeGreaterThan(0.3);
  });
});

describe.each(programs)("%s", (program) => {
  test("learns by its defaults and writes a result object and one metric line per epoch", async () => {
    const { code, result, metrics, stdout } = await makeTask(program, { a_key_it_does_not_know: [1] }).run();
    expect(code).toBe(0);
    expect(result).toMatchObject({ epochs: 10, lr: 0.1, batch_size: 16, seed: 1 });
    expect(Number(result?.accuracy)).toBeGreaterThan(0.9);
    expect(metrics.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(metrics.at(-1)).toEqual({ step: 10, loss: result?.loss, accuracy: result?.accuracy, lr: 0.1 });
    expect(result?.best_accuracy).toBe(Math.max(...metrics.map((line) => Number(line.accuracy))));
    expect(stdout).toContain("Epoch 10/10");
  });

  test("gives the same result for the same seed, another for another seed, lr or epochs", async () => {
    const lossOf = async (config: Json) => (await makeTask(program, { epochs: 2, ...config }).run()).result?.loss;
    const loss = await lossOf({});
    expect(await lossOf({})).toBe(loss);
    expect(await lossOf({ seed: 2 })).not.toBe(loss);
    expect(await lossOf({ lr: 0.01 })).toBeGreaterThan(Number(loss));
    expect(await lossOf({ epochs: 3 })).toBeLessThan(Number(loss));
  });

  test("ends as if never stopped when resumed after SIGTERM, and after SIGKILL", async () => {
    const config = { epochs: 20, lr: 0.2 };
    const uninterrupted = await makeTask(program, config).run();
    expect(uninterrupted.code).toBe(0);

    for (const [signal, exitCode] of [
      ["SIGTERM", 143],
      ["SIGKILL", null],
    ] as const) {
      const task = makeTask(program, config);
      const first = await task.run({ signal, afterOutput: "Epoch 2/20" });
      expect(first.code).toBe(exitCode);
      expect(first.result).toBeNull();

      const second = await task.run();
      expect(second.stdout).toMatch(/Resuming from the checkpoint after epoch \d+/);
      expect(second.stdout).not.toContain("Epoch 1/20");
      expect(second.result).toEqual(uninterrupted.result);
      expect(laterPerStep(second.metrics)).toEqual(uninterrupted.metrics);
    }
  });

  test("starts over when the checkpoint is of another config", async () => {
    const task = makeTask(program, { epochs: 2 });
    await task.run();
    task.setConfig({ epochs: 2, lr: 0.2 });
    const { stdout, result } = await task.run();
    expect(stdout).toContain("Starting over");
    expect(result).toEqual((await makeTask(program, { epochs: 2, lr: 0.2 }).run()).result);
  });

  test.each([
    ["lr", -0.1],
    ["lr", "fast"],
    ["lr", null],
    ["epochs", 2.5],
    ["batch_size", true],
  ])("refuses config.%s = %j with exit code 2 and names the field", async (field, value) => {
    const { code, stderr, result, metrics } = await makeTask(program, { [field]: value }).run();
    expect(code).toBe(2);
    expect(stderr).toContain(`config.${field} must be`);
    expect(result).toBeNull();
    expect(metrics).toEqual([]);
  });

  test("runs by hand, with no MLQUEUE_* variable set", async () => {
    const { code, stdout } = await makeTask(program, {}).runByHand();
    expect(code).toBe(0);
    const resultPath = stdout.match(/The result is in (.+)/)?.[1] ?? "";
    expect(JSON.parse(readFileSync(resultPath, "utf8"))).toHaveProperty("accuracy");
  });
});

describe.skipIf(!hasPython)("fails_halfway.py", () => {
  test("trains half of its epochs, then fails with its reason on stderr; the metrics stay", async () => {
    const { code, stderr, result, metrics } = await makeTask("fails_halfway.py", { epochs: 6, lr: 0.1 }).run();
    expect(code).toBe(1);
    expect(stderr).toContain("Traceback (most recent call last)");
    expect(stderr).toContain("FloatingPointError: loss became nan");
    expect(result).toBeNull();
    expect(metrics.map(({ step }) => step)).toEqual([1, 2, 3]);
    expect(Number(metrics.at(-1)?.accuracy)).toBeGreaterThan(0.85);
  });
});

/** A task with files of its own, kept across its attempts. */
function makeTask(program: Program, config: Json) {
  const room = mkdtempSync(join(tmpdir(), "mlqueue-examples-"));
  rooms.push(room);
  const file = (name: string) => join(room, name);
  const setConfig = (changed: Json) => writeFileSync(file("config.json"), JSON.stringify(changed));
  setConfig(config);

  const base = { PATH: process.env.PATH, TMPDIR: room };
  const env = {
    ...base,
    MLQUEUE_TASK_ID: "task_example",
    MLQUEUE_ATTEMPT: "1",
    MLQUEUE_CONFIG: file("config.json"),
    MLQUEUE_RESULT: file("result.json"),
    MLQUEUE_METRICS: file("metrics.jsonl"),
    MLQUEUE_CHECKPOINT_DIR: file("checkpoints"),
  };
  return {
    setConfig,
    runByHand: () => runChild(program, room, base),
    run: async (stop?: Stop) => ({
      ...(await runChild(program, room, env, stop)),
      result: readJson(file("result.json")),
      metrics: readJsonLines(file("metrics.jsonl")),
    }),
  };
}

type Stop = { signal: NodeJS.Signals; afterOutput: string };

async function runChild(program: Program, cwd: string, env: Record<string, string | undefined>, stop?: Stop) {
  const interpreter = program.endsWith(".py") ? "python3" : process.execPath;
  const child = spawn(interpreter, [join(here, program)], { cwd, env: env as NodeJS.ProcessEnv });
  children.add(child);
  let stdout = "";
  let stderr = "";
  let stopped = false;
  child.stdout.on("data", (chunk) => {
    stdout += chunk;
    // Once, as the worker does: Python takes its handlers away while it exits, and a second SIGTERM then kills it.
    if (!stop || stopped || !stdout.includes(stop.afterOutput)) return;
    stopped = true;
    child.kill(stop.signal);
  });
  child.stderr.on("data", (chunk) => {
    stderr += chunk;
  });
  const [code] = await once(child, "close");
  children.delete(child);
  return { code: code as number | null, stdout, stderr };
}

function readJson(path: string): Json | null {
  return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : null;
}

function readJsonLines(path: string): Json[] {
  if (!existsSync(path)) return [];
  const lines = readFileSync(path, "utf8").trim().split("\n");
  return lines.map((line) => JSON.parse(line));
}

/** What MLQueue shows of a resumed run: an epoch that was repeated counts once. */
const laterPerStep = (metrics: Json[]) => [...new Map(metrics.map((line) => [line.step, line])).values()];

function gridOfReadme(): Json[] {
  const readme = readFileSync(join(here, "README.md"), "utf8");
  const body = JSON.parse(readme.match(/```json grid\n([\s\S]+?)```/)?.[1] ?? "{}");
  return body.tasks.map((task: { config: Json }) => task.config);
}
