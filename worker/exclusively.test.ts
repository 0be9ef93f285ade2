// One worker at a time does a shared duty.
import { expect, test } from "vitest";
import { useTestServices } from "../src/testing/services";
import { exclusively } from "./housekeeping";

useTestServices({ ALLOW_COMMANDS: "true" });

test("a worker that froze in the middle of a duty keeps others from it for its limit only", async () => {
  const frozen = exclusively(99, () => new Promise(() => {}), 300).then(
    () => "done",
    () => "refused",
  );
  const others: number[] = [];
  const other = (n: number) => exclusively(99, async () => others.push(n));
  await new Promise((done) => setTimeout(done, 50));
  await other(1);
  expect(others).toEqual([]);
  await expect.poll(() => other(2).then(() => others), { timeout: 5000 }).toContain(2);
  expect(await frozen).toBe("refused");
});
