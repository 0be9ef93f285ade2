import { expect, test } from "vitest";
import { History, type Struck } from "./history";

const struck = (at: number, until: number, away: Struck["away"]): Struck => ({
  ...{ fault: "a fault", at, until, away, running: 4, victims: [] },
});

test("what Redis lost may be missing until PostgreSQL could be compared with it for as long as that takes", () => {
  const history = new History();
  expect(history.mayLack(0, 36_000)).toBe(false);
  history.struck.push(struck(1000, 2000, ["redis"]), struck(20_000, 90_000, ["postgres"]));
  expect([38_000, 60_000, 126_000, 126_001].map((now) => history.mayLack(now, 36_000))).toEqual([
    true,
    true,
    true,
    false,
  ]);
  // One that came when all was whole again lacks nothing.
  history.struck.push(struck(200_000, 210_000, ["postgres"]));
  expect(history.mayLack(215_000, 36_000)).toBe(false);
});

test("a web server that is being started is away until it is ready", () => {
  const history = new History();
  const fault = struck(1000, Number.POSITIVE_INFINITY, ["web"]);
  history.struck.push(fault);
  expect(history.isDisturbed(15_000, ["web"], 8000)).toBe(true);
  fault.until = 14_000;
  expect([15_000, 22_000, 22_001].map((from) => history.isDisturbed(from, ["web"], 8000))).toEqual([true, true, false]);
});
