// Delivery with a server that is away, slow of hearing or strict, and a clock that does not wait.
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import type { Clock } from "./backoff";
import { InvalidInputError, MLQueueError, UnavailableError } from "./errors";
import { nextBatch, Outbox } from "./outbox";
import type { LineRecord, RunEnd, SpoolRecord } from "./records";
import type { Point, ServerApi } from "./server-api";
import { Spool } from "./spool";

const folders: string[] = [];
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

const key = { runId: "run_1", attempt: 1 };
const away = () => new UnavailableError({ message: "away", code: "UNREACHABLE", retryable: true });
const superseded = () =>
  new MLQueueError({ message: "another attempt", code: "INVALID_QUEUE_STATUS", retryable: false });
const refused = () => new InvalidInputError({ message: "is bad", code: "INVALID_REQUEST", retryable: false });

const line = (message: string): SpoolRecord => ({ t: "line", at: 0, stream: "stdout", message });
const points = (step: number, loss: number): SpoolRecord => ({ t: "points", at: 0, step, values: { loss } });
const complete: SpoolRecord = { t: "end", end: { kind: "complete", result: { ok: true } } };

/** Keeps lines by number and points by step, as the server does. `trouble` is asked before each call and may throw. */
const makeServer = (trouble: (call: string, count: number) => void = () => {}) => {
  const calls: string[] = [];
  const lines: string[] = [];
  const losses = new Map<number, number>();
  const ends: RunEnd[] = [];
  const ask = (call: string) => {
    calls.push(call);
    trouble(call, calls.length);
  };
  const api: ServerApi = {
    appendLines: async (_, firstLine, given: LineRecord[]) => {
      ask("lines");
      for (const [index, { message }] of given.entries()) lines[firstLine + index] = message;
    },
    appendPoints: async (_, given: Point[]) => {
      ask("points");
      for (const { step, value } of given) losses.set(step, value);
    },
    saveCheckpoint: async () => ask("checkpoint"),
    end: async (_, end) => {
      ask("end");
      ends.push(end);
    },
    heartbeat: async () => ({ cancel: [] }),
    whyStopped: async () => "lost",
  };
  return { api, calls, lines, losses, ends };
};

const makeOutbox = (api: ServerApi, limits = {}) => {
  const folder = mkdtempSync(join(tmpdir(), "mlqueue-outbox-"));
  folders.push(folder);
  const spool = Spool.create(folder, { ...key, url: "http://localhost", unitId: "unit_1" });
  const waits: number[] = [];
  const said: string[] = [];
  const clock: Clock = {
    now: () => 0,
    wait: async (ms) => {
      waits.push(ms);
      if (waits.length > 200) throw new Error("waits for ever");
    },
  };
  const outbox = new Outbox({ key, spool, api, clock, limits, say: (text) => said.push(text) });
  const add = (...records: SpoolRecord[]) => outbox.add(records.map((record) => JSON.stringify(record)));
  return { outbox, spool, add, waits, said };
};

test("everything arrives in order with the end last, and the spool is gone", async () => {
  const server = makeServer();
  const { outbox, spool, add } = makeOutbox(server.api);
  add(line("a"), points(1, 0.5), line("b"), { t: "checkpoint", state: { epoch: 1 } }, points(2, 0.4), complete);
  expect(await outbox.settled).toBe("delivered");
  expect(server.calls).toEqual(["points", "lines", "checkpoint", "points", "end"]);
  expect(server.lines).toEqual(["a", "b"]);
  expect([...server.losses]).toEqual([
    [1, 0.5],
    [2, 0.4],
  ]);
  expect(existsSync(spool.path)).toBe(false);
});

test("while the server is away nothing is lost, and it is said once", async () => {
  const server = makeServer((_, count) => {
    if (count <= 20) throw away();
  });
  const { outbox, add, waits, said } = makeOutbox(server.api);
  add(line("a"), points(1, 0.5));
  add(line("b"), complete);
  expect(await outbox.settled).toBe("delivered");
  expect(server.lines).toEqual(["a", "b"]);
  expect(server.ends).toHaveLength(1);
  expect(Math.max(...waits)).toBeLessThanOrEqual(10_000);
  expect(said).toHaveLength(2);
});

test("an answer that was lost doubles no line: the same lines go again under the same numbers", async () => {
  const server = makeServer();
  let lost = 0;
  const appendLines = server.api.appendLines;
  server.api.appendLines = async (...args) => {
    await appendLines(...args);
    if (lost++ < 3) throw away();
  };
  const { outbox, add } = makeOutbox(server.api, { lines: 2 });
  add(line("a"), line("b"), line("c"), complete);
  expect(await outbox.settled).toBe("delivered");
  expect(server.lines).toEqual(["a", "b", "c"]);
  expect(server.calls.filter((call) => call === "lines").length).toBe(5);
});

test("a run that belongs to another attempt is told nothing more, and its spool goes", async () => {
  const server = makeServer((call) => {
    if (call === "lines") throw superseded();
  });
  const { outbox, spool, add } = makeOutbox(server.api);
  add(line("a"));
  expect(await outbox.settled).toBe("lost");
  add(complete);
  expect(server.ends).toEqual([]);
  expect(existsSync(spool.path)).toBe(false);
});

test("one point and one line that the server does not accept are left out alone", async () => {
  const server = makeServer();
  const { appendLines, appendPoints } = server.api;
  server.api.appendPoints = async (run, given) => {
    if (given.some(({ step }) => step === 3)) throw refused();
    await appendPoints(run, given);
  };
  server.api.appendLines = async (run, first, given) => {
    if (given.some(({ message }) => message === "bad")) throw refused();
    await appendLines(run, first, given);
  };
  const { outbox, add } = makeOutbox(server.api);
  add(...[1, 2, 3, 4, 5].map((step) => points(step, step)), line("a"), line("bad"), line("c"), complete);
  expect(await outbox.settled).toBe("delivered");
  expect([...server.losses.keys()].sort()).toEqual([1, 2, 4, 5]);
  expect(server.lines).toEqual(["a", "WARN mlqueue: the server did not accept this line", "c"]);
});

test("a result that the server does not accept fails the run, rather than leave it running", async () => {
  const server = makeServer();
  const { end } = server.api;
  server.api.end = async (run, given) => {
    if (given.kind === "complete") throw refused();
    await end(run, given);
  };
  const { outbox, add } = makeOutbox(server.api);
  add(complete);
  expect(await outbox.settled).toBe("delivered");
  expect(server.ends).toEqual([{ kind: "fail", errorMessage: expect.stringContaining("is bad") }]);
});

test("a fault of the server's own does not hold up the rest for ever", async () => {
  const fault = () => new MLQueueError({ message: "oops", code: "INTERNAL_ERROR", retryable: true });
  const server = makeServer((call) => {
    if (call === "checkpoint") throw fault();
  });
  const { outbox, add, said } = makeOutbox(server.api);
  add({ t: "checkpoint", state: {} }, complete);
  expect(await outbox.settled).toBe("delivered");
  expect(said.join()).toContain("checkpoint");
});

test("a batch ends before a checkpoint, and at its limits", () => {
  const stored = [line("a"), line("b"), line("c"), complete].map((record, index) => ({ record, end: index + 1 }));
  expect(nextBatch(stored, { lines: 2, points: 10 })).toMatchObject({ end: 2, last: null });
  expect(nextBatch(stored.slice(2), { lines: 2, points: 10 })).toMatchObject({ end: 3, last: null });
  expect(nextBatch(stored.slice(3), { lines: 2, points: 10 })).toMatchObject({ end: 4, last: { kind: "complete" } });
  expect(nextBatch([], { lines: 2, points: 10 })).toBeNull();
});
