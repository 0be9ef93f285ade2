import { afterEach, expect, test, vi } from "vitest";
import { BriefCache } from "./brief-cache";

afterEach(() => {
  vi.restoreAllMocks();
});

test("an answer is believed for its time and not longer, though the machine's clock was put back by an hour", async () => {
  let asked = 0;
  const cache = new BriefCache(async () => ++asked, 40);
  expect(await cache.get("key")).toBe(1);
  expect(await cache.get("key")).toBe(1);
  const back = Date.now() - 3_600_000;
  vi.spyOn(Date, "now").mockImplementation(() => back);
  await new Promise((resolve) => setTimeout(resolve, 60));
  expect(await cache.get("key")).toBe(2);
});
