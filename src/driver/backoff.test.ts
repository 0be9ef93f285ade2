import fc from "fast-check";
import { expect, test } from "vitest";
import { backoffMs, type Clock, untilAnswered } from "./backoff";

test("pauses grow from 0.1..0.2 s to 5..10 s and never beyond", () => {
  expect([1, 2, 3, 4, 5, 6, 7, 100].map((tries) => backoffMs(tries, 1))).toEqual([
    200, 400, 800, 1600, 3200, 6400, 10_000, 10_000,
  ]);
  expect(backoffMs(1, 0)).toBe(100);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e6 }), fc.double({ min: 0, max: 1, noNaN: true }), (tries, random) => {
      const ms = backoffMs(tries, random);
      return ms >= 100 && ms <= 10_000;
    }),
  );
});

const recordingClock = (): Clock & { waits: number[] } => {
  const waits: number[] = [];
  return { waits, now: () => 0, wait: async (ms) => void waits.push(ms) };
};

test("a call is repeated until it is answered, and waits as long as it is told to", async () => {
  const clock = recordingClock();
  let calls = 0;
  const answer = await untilAnswered(
    async () => {
      if (++calls < 3) throw new Error("away");
      return calls;
    },
    { clock, isAgain: () => ({ retryAfterSeconds: 7 }) },
  );
  expect(answer).toBe(3);
  expect(clock.waits).toEqual([7000, 7000]);
});

test("what waiting does not mend is thrown at once; an aborted signal ends the waiting", async () => {
  const clock = recordingClock();
  const fail = () => Promise.reject(new Error("wrong key"));
  await expect(untilAnswered(fail, { clock, isAgain: () => null })).rejects.toThrow("wrong key");
  expect(clock.waits).toEqual([]);
  const stop = new AbortController();
  const again = untilAnswered(fail, {
    clock,
    isAgain: () => ({ retryAfterSeconds: undefined }),
    signal: stop.signal,
    onAway: () => stop.abort(new Error("stopped")),
  });
  await expect(again).rejects.toThrow("stopped");
});
