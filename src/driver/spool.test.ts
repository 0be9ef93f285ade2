// The spool on a real disk: what is acknowledged is gone, what is not comes back, whoever died.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFileSync, existsSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";
import type { SpoolRecord } from "./records";
import { Spool } from "./spool";

const folders: string[] = [];
const makeFolder = (): string => {
  const folder = mkdtempSync(join(tmpdir(), "mlqueue-spool-"));
  folders.push(folder);
  return folder;
};
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

const URL = "http://localhost:8080";
const owner = { runId: "run_1", attempt: 2, url: URL, unitId: "unit_1" };
const line = (message: string): SpoolRecord => ({ t: "line", at: 0, stream: "stdout", message });
const append = (spool: Spool, ...messages: string[]) =>
  spool.append(messages.map((message) => JSON.stringify(line(message))));
const messages = (spool: Spool, maxBytes = 10_000): string[] =>
  spool.read(maxBytes).map(({ record }) => (record.t === "line" ? record.message : record.t));

/** The pid of a process that has ended, with a start time that no other has. */
const deadMark = async (): Promise<string> => {
  const child = spawn("true");
  await once(child, "exit");
  return `${child.pid}-1`;
};
/** As if the process that wrote it were dead. */
const orphan = async (folder: string, spool: Spool): Promise<string> => {
  const path = join(folder, `run_1.2~${await deadMark()}.spool`);
  spool.close();
  renameSync(spool.path, path);
  return path;
};

test("records come back in order until they are acknowledged, and the rest after them", () => {
  const spool = Spool.create(makeFolder(), owner);
  append(spool, "a", "b", "ü");
  expect(messages(spool)).toEqual(["a", "b", "ü"]);
  const [, second] = spool.read(10_000);
  spool.ack(second?.end ?? 0, 2);
  append(spool, "d");
  expect(messages(spool)).toEqual(["ü", "d"]);
  expect(spool.ackedLines).toBe(2);
  spool.remove();
  expect(existsSync(spool.path)).toBe(false);
});

test("a read takes whole records only, and one that is larger than the limit alone", () => {
  const spool = Spool.create(makeFolder(), owner);
  append(spool, "x".repeat(5000), "b", "c");
  expect(messages(spool, 100)[0]).toHaveLength(5000);
  expect(messages(spool, 5100)).toHaveLength(1);
  expect(messages(spool)).toHaveLength(3);
  spool.close();
});

test("the next driver takes over what a dead one left, from the acknowledged place on, without the torn last line", async () => {
  const folder = makeFolder();
  const spool = Spool.create(folder, owner);
  append(spool, "told", "not told");
  spool.ack(spool.read(10_000)[0]?.end ?? 0, 1);
  appendFileSync(await orphan(folder, spool), '{"t":"line","message":"half of a li');

  const [taken] = Spool.takeOver(folder, URL);
  expect(taken?.owner).toEqual(owner);
  expect(taken?.hasEnd).toBe(false);
  expect(taken?.spool.ackedLines).toBe(1);
  expect(taken && messages(taken.spool)).toEqual(["not told"]);
  taken?.spool.append([JSON.stringify(line("more"))]);
  expect(taken && messages(taken.spool)).toEqual(["not told", "more"]);
  taken?.spool.remove();
});

test("an end that was spooled is seen", async () => {
  const folder = makeFolder();
  const spool = Spool.create(folder, owner);
  append(spool, "last words");
  spool.append([JSON.stringify({ t: "end", end: { kind: "complete", result: { text: "x".repeat(3_000_000) } } })]);
  await orphan(folder, spool);
  const [taken] = Spool.takeOver(folder, URL);
  expect(taken?.hasEnd).toBe(true);
  taken?.spool.remove();
});

test("nothing is taken from a process that lives, nor what belongs to another server", async () => {
  const folder = makeFolder();
  const spool = Spool.create(folder, owner);
  append(spool, "mine");
  expect(Spool.takeOver(folder, URL)).toEqual([]);
  await orphan(folder, spool);
  expect(Spool.takeOver(folder, "http://elsewhere")).toEqual([]);
  expect(readdirSync(folder)).toHaveLength(1);
});
