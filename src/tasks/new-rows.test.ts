// Many rows travel another way than few: both must store exactly what was given.
import fc from "fast-check";
import { expect, test } from "vitest";
import { getSql } from "../platform/db";
import { useTestServices } from "../testing/services";
import { createTasks } from "./create";
import type { NewTask } from "./input";

useTestServices({ ALLOW_COMMANDS: "true" });

const USER = "user_rows";
/** What arrays, JSON and lines of PostgreSQL could stumble over. */
const text = fc.oneof(
  fc.constantFrom(
    "NULL",
    "null",
    "",
    "{}",
    '"',
    "\\",
    "a\nb",
    "a\tb",
    "a,b",
    '{"a"}',
    "\\N",
    "\u001f",
    "é 学习 🎉",
    " lead",
  ),
  fc.string({ unit: "grapheme", maxLength: 12 }).filter((one) => !one.includes("\0")),
);
const json = fc.dictionary(text, fc.oneof(text, fc.integer(), fc.boolean(), fc.constant(null), fc.array(text)), {
  maxKeys: 3,
  noNullPrototype: true,
});
const task: fc.Arbitrary<NewTask> = fc.record({
  name: text,
  config: json,
  metadata: json,
  tags: fc.array(text, { maxLength: 3 }),
  priority: fc.integer({ min: -1_000_000, max: 1_000_000 }),
  queue: fc.constantFrom("default", 'with "quotes" and \\'),
  command: fc.option(fc.array(text, { minLength: 1, maxLength: 3 }), { nil: undefined }),
  env: fc.dictionary(fc.constantFrom("A", "B"), text, { noNullPrototype: true }),
  resources: fc.constantFrom({ gpus: 0, cpus: 0, memoryMb: 0 }, { gpus: 1, cpus: 2, memoryMb: 512 }),
  timeoutSeconds: fc.option(fc.integer({ min: 1, max: 1000 }), { nil: undefined }),
  maxAttempts: fc.integer({ min: 1, max: 9 }),
  runAt: fc.option(fc.constant("2099-01-01T00:00:00.000Z"), { nil: undefined }),
  dependsOn: fc.constant([]),
});

const stored = async (ids: string[]) => {
  const rows = await getSql()`
    SELECT id, name, config, metadata, tags, priority, queue, command, env, resources, timeout_seconds, max_attempts, run_at, status
    FROM tasks WHERE id = ANY(${ids}) ORDER BY seq`;
  expect(rows.map((row) => row.id)).toEqual(ids);
  return rows.map(({ id, ...row }) => row);
};

test("a batch of hundreds stores what the same tasks store in small batches, in the same order", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(task, { minLength: 201, maxLength: 230, size: "max" }), async (tasks) => {
      const together = await stored(await createTasks(USER, tasks));
      const apart: typeof together = [];
      for (let from = 0; from < tasks.length; from += 100)
        apart.push(...(await stored(await createTasks(USER, tasks.slice(from, from + 100)))));
      expect(together).toEqual(apart);
      for (const [index, row] of together.entries()) {
        const given = tasks[index];
        expect(row).toMatchObject({
          name: given?.name,
          tags: given?.tags,
          priority: given?.priority,
          queue: given?.queue,
          command: given?.command ?? null,
          status: given?.runAt ? "pending" : "queued",
        });
        expect(row.config).toEqual(given?.config);
      }
    }),
    { numRuns: 8 },
  );
});

test("a batch of several statements is whole or absent, and keeps its order", async () => {
  const of = (name: string): NewTask => ({
    ...{ name, config: {}, metadata: {}, tags: [], priority: 0, queue: "long", env: {}, maxAttempts: 1, dependsOn: [] },
    resources: { gpus: 0, cpus: 0, memoryMb: 0 },
  });
  const names = Array.from({ length: 2500 }, (_, n) => `task ${n}`);
  const rows = await stored(await createTasks(USER, names.map(of)));
  expect(rows.map((row) => row.name)).toEqual(names);

  const sql = getSql();
  await sql`ALTER TABLE tasks ADD CONSTRAINT no_bad_name CHECK (name <> 'task 2400') NOT VALID`;
  await expect(createTasks(USER, names.map(of))).rejects.toThrow("no_bad_name");
  await sql`ALTER TABLE tasks DROP CONSTRAINT no_bad_name`;
  const [left] = await sql`SELECT count(*) AS n FROM tasks WHERE queue = 'long'`;
  expect(left?.n).toBe(2500);
});
