import fc from "fast-check";
import { expect, test } from "vitest";
import { getEnv } from "../platform/env";
import { getRedis } from "../platform/redis";
import { useTestServices } from "../testing/services";
import { addReady, offerNext } from "./ready-queue";
import { chooseNext, classOf, fits, type Head, type Resources } from "./resource-class";

useTestServices();

const needs = fc.record({
  gpus: fc.integer({ min: 0, max: 3 }),
  cpus: fc.integer({ min: 0, max: 3 }),
  memoryMb: fc.integer({ min: 0, max: 3 }),
});
const waiting = fc
  .array(needs, { maxLength: 12 })
  .map((list) => list.map((one, place): Head => ({ taskId: `t${place}`, place, needs: one })));
const scene = fc
  .record({ waiting, totals: needs, share: needs, slots: fc.integer({ min: 1, max: 5 }) })
  .map(({ share, ...rest }) => ({ ...rest, free: lesser(share, rest.totals) }));
const lesser = (a: Resources, b: Resources): Resources => ({
  gpus: Math.min(a.gpus, b.gpus),
  cpus: Math.min(a.cpus, b.cpus),
  memoryMb: Math.min(a.memoryMb, b.memoryMb),
});
const sum = (heads: Head[], pick: (needs: Resources) => number) =>
  heads.reduce((total, head) => total + pick(head.needs), 0);

test("what is chosen fits together, is in order, and is no more than the slots", () => {
  fc.assert(
    fc.property(scene, ({ waiting, totals, free, slots }) => {
      const chosen = chooseNext(waiting, totals, free, slots);
      expect(chosen.length).toBeLessThanOrEqual(slots);
      expect(sum(chosen, (one) => one.gpus)).toBeLessThanOrEqual(free.gpus);
      expect(sum(chosen, (one) => one.cpus)).toBeLessThanOrEqual(free.cpus);
      expect(sum(chosen, (one) => one.memoryMb)).toBeLessThanOrEqual(free.memoryMb);
      expect(chosen.map((head) => head.place)).toEqual(chosen.map((head) => head.place).sort((a, b) => a - b));
    }),
  );
});

test("nothing behind a task that fits the totals takes a resource that this task still lacks", () => {
  fc.assert(
    fc.property(scene, ({ waiting, totals, free, slots }) => {
      const chosen = new Set(chooseNext(waiting, totals, free, slots));
      const passed = waiting.filter((head) => !chosen.has(head) && fits(head.needs, totals));
      for (const big of passed)
        for (const later of chosen) {
          if (later.place < big.place) continue;
          const before = [...chosen].filter((head) => head.place < big.place);
          for (const name of ["gpus", "cpus", "memoryMb"] as const) {
            const lacks = big.needs[name] > free[name] - sum(before, (one) => one[name]);
            if (lacks) expect(later.needs[name]).toBe(0);
          }
        }
    }),
  );
});

test("the script in redis chooses the same as chooseNext", async () => {
  await getRedis().set(`${getEnv().REDIS_PREFIX}epoch`, "1");
  let n = 0;
  await fc.assert(
    fc.asyncProperty(scene, async ({ waiting, totals, free, slots }) => {
      const queue = `q${n++}`;
      await addReady(
        waiting.map((head) => ({
          taskId: `${queue}-${head.taskId}`,
          queue,
          userId: "u",
          class: classOf(head.needs),
          place: head.place,
        })),
      );
      const offered = await offerNext({ slots, queues: [queue], totals, free });
      expect(offered).toEqual(chooseNext(waiting, totals, free, slots).map((head) => `${queue}-${head.taskId}`));
    }),
    { numRuns: 100 },
  );
});
