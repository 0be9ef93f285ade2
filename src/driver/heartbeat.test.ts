import { expect, test } from "vitest";
import type { Clock } from "./backoff";
import { beat } from "./heartbeat";

test("beats keep their interval, name the runs of the moment, and pass on what must stop", async () => {
  const stop = new AbortController();
  let now = 0;
  const waits: number[] = [];
  const clock: Clock = {
    now: () => now,
    wait: async (ms) => {
      waits.push(ms);
      now += ms;
      if (waits.length === 4) stop.abort();
    },
  };
  const seen: string[][] = [];
  const cancelled: string[][] = [];
  const words: string[] = [];
  const running = ["run_1"];
  await beat({
    clock,
    intervalMs: 5000,
    api: {
      heartbeat: async (runs) => {
        seen.push(runs.map(({ runId }) => runId));
        now += 100;
        if (seen.length === 2) throw new Error("away");
        running.push(`run_${seen.length + 1}`);
        return { cancel: seen.length === 3 ? ["run_1"] : [] };
      },
    },
    running: () => running.map((runId) => ({ runId, attempt: 1, progress: undefined })),
    onCancel: (runIds) => cancelled.push(runIds),
    onAway: () => words.push("away"),
    onBack: () => words.push("back"),
    signal: stop.signal,
  });
  expect(seen).toEqual([["run_1"], ["run_1", "run_2"], ["run_1", "run_2"], ["run_1", "run_2", "run_4"]]);
  expect(waits).toEqual([4900, 4900, 4900, 4900]);
  expect(cancelled).toEqual([["run_1"]]);
  expect(words).toEqual(["away", "back"]);
});
