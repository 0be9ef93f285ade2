import { expect, test } from "vitest";
import { connectionOf } from "./connection";

test.each([
  ["open", 0, false, "live"],
  ["connecting", 500, false, "reconnecting"],
  ["connecting", 9000, false, "polling"],
  ["down", 9000, false, "polling"],
  ["down", 500, true, "offline"],
  ["open", 0, true, "offline"],
] as const)("stream %s for %i ms, unreachable %s: %s", (stream, downForMs, unreachable, word) => {
  expect(connectionOf(stream, downForMs, unreachable)).toBe(word);
});
