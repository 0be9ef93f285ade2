import { appendFileSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, expect, onTestFinished, test } from "vitest";
import type { AttemptEnd } from "../src/tasks/finish";
import { EndSpool, endsIn } from "./end-spool";

let dataDir = "";
beforeEach(() => {
  const made = mkdtempSync(join(tmpdir(), "end-spool-"));
  dataDir = made;
  onTestFinished(() => rmSync(made, { recursive: true }));
});

const anEnd = (n: number): AttemptEnd => ({
  ...{ taskId: `task_${n}`, attempt: 1, outcome: "succeeded", exitCode: 0, signal: null, result: { n, text: "ü\n中" } },
});
const self = { pid: 12, pidStartTime: 34 };
const heir = (): EndSpool => new EndSpool(dataDir, { pid: 56, pidStartTime: 78 });
const left = (): AttemptEnd[] => heir().others().flatMap(endsIn);
const files = (): string[] => readdirSync(join(dataDir, "spool"));

test("what was kept and not forgotten is there for an heir, who learns whose it was", async () => {
  const spool = new EndSpool(dataDir, self);
  await Promise.all([1, 2, 3].map((n) => spool.keep(anEnd(n))));
  expect(left()).toEqual([1, 2, 3].map(anEnd));
  expect(heir().others()).toMatchObject([{ pid: 12, startTime: 34 }]);
  expect(spool.others()).toEqual([]);
  for (const file of heir().others()) heir().drop(file);
  expect(files()).toEqual([]);
});

test("a worker that recorded all its ends leaves no file; one that did not leaves it", async () => {
  const spool = new EndSpool(dataDir, self);
  await Promise.all([1, 2].map((n) => spool.keep(anEnd(n))));
  spool.forget(anEnd(1));
  spool.close();
  expect(left()).toContainEqual(anEnd(2));
  const other = new EndSpool(dataDir, { pid: 13, pidStartTime: 34 });
  await other.keep(anEnd(3));
  other.forget(anEnd(3));
  other.close();
  expect(files()).toHaveLength(1);
});

test("what is recorded does not pile up, though never all of it is", async () => {
  const spool = new EndSpool(dataDir, self);
  for (let n = 0; n < 5000; n++) {
    await spool.keep(anEnd(n));
    if (n > 20) spool.forget(anEnd(n - 20));
  }
  const kept = left();
  for (let n = 4981; n < 5000; n++) expect(kept).toContainEqual(anEnd(n));
  expect(files().length).toBeLessThan(4);
  const bytes = files().map((name) => statSync(join(dataDir, "spool", name)).size);
  expect(Math.max(...bytes)).toBeLessThan(100_000);
});

test("a line that its writer did not finish is left out, and nothing before it", async () => {
  const spool = new EndSpool(dataDir, self);
  await spool.keep(anEnd(1));
  appendFileSync(join(dataDir, "spool", files()[0] ?? ""), '{"taskId": "task_2", "att');
  expect(left()).toEqual([anEnd(1)]);
});

test("a worker whose file was taken away by an heir that thought it dead goes on in another one", async () => {
  const spool = new EndSpool(dataDir, self);
  await spool.keep(anEnd(1));
  for (const file of heir().others()) heir().drop(file);
  await spool.keep(anEnd(2));
  expect(left()).toEqual([anEnd(2)]);
});

test("without a folder it says so, and works again when there is one", async () => {
  const spool = new EndSpool(dataDir, self);
  rmSync(join(dataDir, "spool"), { recursive: true });
  await expect(spool.keep(anEnd(1))).rejects.toThrow(/ENOENT/);
  heir();
  await spool.keep(anEnd(1));
  spool.forget(anEnd(1));
  spool.close();
  expect(files()).toEqual([]);
});
