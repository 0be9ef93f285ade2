import { expect, test } from "vitest";
import { makeFormat } from "../../i18n/format";
import { makeTranslate } from "../../i18n/translate";
import { runSentence } from "./run-sentence";

const START = "2026-03-01T12:00:00.000Z";
const NOW = Date.parse(START) + 180_000;
const run = { driverId: "gpu03", startedAt: START, completedAt: null };
const say = (told: Parameters<typeof runSentence>[2], nowMs = NOW) =>
  runSentence(makeTranslate("en"), makeFormat("en"), told, nowMs);

test("a run that goes on tells for how long, and where if that is known", () => {
  expect(say({ ...run, status: "running" })).toMatch(/^for 3\D+ on gpu03$/);
  expect(say({ ...run, status: "running", driverId: null })).toMatch(/^for 3\D+$/);
});

test("a browser whose clock is behind shows no negative time", () => {
  expect(say({ ...run, status: "running" }, NOW - 600_000)).not.toContain("-");
});

test("an end tells how long it took, and whether it had started at all", () => {
  const completedAt = "2026-03-01T12:01:00.000Z";
  expect(say({ ...run, status: "completed", completedAt })).toMatch(/^in 1/);
  expect(say({ ...run, status: "failed", completedAt })).toMatch(/^after 1/);
  expect(say({ ...run, status: "cancelled", startedAt: null, completedAt })).toBe("before it started");
  expect(say({ ...run, status: "failed", startedAt: null, completedAt })).toBe("");
});
