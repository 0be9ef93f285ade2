import { expect, test } from "vitest";
import { connectionOf } from "./connection";

test.each([
  ["connecting", false, 500, false, "connecting"],
  ["open", true, 0, false, "live"],
  ["connecting", true, 500, false, "reconnecting"],
  ["connecting", true, 9000, false, "polling"],
  ["down", false, 9000, false, "polling"],
  ["down", true, 500, true, "offline"],
  ["open", true, 0, true, "offline"],
] as const)(
  "stream %s (was open: %s) for %i ms, unreachable %s: %s",
  (stream, wasOpen, downForMs, unreachable, word) => {
    expect(connectionOf(stream, wasOpen, downForMs, unreachable)).toBe(word);
  },
);
