import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { makeTask, makeUserId } from "../src/testing/engine";
import { useTestServices } from "../src/testing/services";
import { removeForgottenFiles } from "./forgotten-files";

useTestServices({ ALLOW_COMMANDS: "true" });

test("folders of tasks that are no more go once they are as old as tasks get; all others stay", async () => {
  const dataDir = mkdtempSync(join(tmpdir(), "forgotten-"));
  onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }));
  const { taskId } = await makeTask(makeUserId());
  const make = (name: string, daysOld: number): string => {
    const path = join(dataDir, name);
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, "model.bin"), "weights");
    const at = Date.now() / 1000 - daysOld * 86_400;
    utimesSync(path, at, at);
    return path;
  };
  const gone = [make("checkpoints/task_gone", 31), make("attempts/task_gone.2", 31), make("tasks/task_gone", 31)];
  const kept = [make(`checkpoints/${taskId}`, 400), make("checkpoints/task_young", 29), make("checkpoints/mine", 400)];
  const { signal } = new AbortController();
  expect(await removeForgottenFiles(dataDir, 0, signal)).toBe(0);
  expect(await removeForgottenFiles(dataDir, 30, signal)).toBe(3);
  expect([...gone, ...kept].map((path) => existsSync(path))).toEqual([false, false, false, true, true, true]);
  expect(await removeForgottenFiles(join(dataDir, "nowhere"), 30, signal)).toBe(0);
});
