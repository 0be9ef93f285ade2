import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type AttemptFiles, attemptFiles } from "./attempt-files";
import { UsedFolderStore } from "./used-folders";

let dataDir = "";
beforeAll(() => {
  dataDir = mkdtempSync(join(tmpdir(), "mlqueue-used-"));
});
afterAll(() => rmSync(dataDir, { recursive: true }));

let count = 0;
const ended = (): AttemptFiles => {
  const files = attemptFiles(dataDir, `task_${++count}`, 1);
  for (const folder of [files.folder, files.checkpoints]) mkdirSync(folder, { recursive: true });
  writeFileSync(files.config, "{}");
  return files;
};
const isThere = ({ folder, checkpoints }: AttemptFiles) => [existsSync(folder), existsSync(checkpoints)];

test("each is given to one program, and those that are too many are taken away", async () => {
  const store = new UsedFolderStore(2);
  const all = [ended(), ended(), ended()] as const;
  for (const files of all) store.keep(files);
  const next = attemptFiles(dataDir, "task_next", 1);
  const taken = [store.take(next), store.take(next), store.take(next)].map((one) => one?.folders);
  expect(taken).toEqual([
    [
      [all[1].folder, next.folder, "config.json"],
      [all[1].checkpoints, next.checkpoints, ""],
    ],
    [
      [all[0].folder, next.folder, "config.json"],
      [all[0].checkpoints, next.checkpoints, ""],
    ],
    undefined,
  ]);
  await expect.poll(() => isThere(all[2])).toEqual([false, false]);
  await store.removeAll();
  expect(all.slice(0, 2).map(isThere)).toEqual([
    [true, true],
    [true, true],
  ]);
});

test("what no program wants is taken away after a second, with what was left in it, but never checkpoints", async () => {
  const store = new UsedFolderStore(5);
  const [plain, full] = [ended(), ended()];
  writeFileSync(full.result, "{}");
  writeFileSync(join(full.checkpoints, "step-1"), "weights");
  for (const files of [plain, full]) store.keep(files);
  await expect.poll(() => isThere(plain), { timeout: 5000 }).toEqual([false, false]);
  await expect.poll(() => isThere(full)).toEqual([false, true]);
  expect(existsSync(join(full.checkpoints, "step-1"))).toBe(true);
  expect(store.take(plain)).toBeUndefined();
});

test("at the end all are taken away, and those that a launcher left", async () => {
  const store = new UsedFolderStore(5);
  const [left, waiting] = [ended(), ended()];
  store.keep(left);
  store.take(attemptFiles(dataDir, "task_next", 1))?.left();
  store.keep(waiting);
  await store.removeAll();
  expect([left, waiting].map(isThere)).toEqual([
    [false, false],
    [false, false],
  ]);
  expect(existsSync(dirname(left.folder))).toBe(true);
});
