import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { searchPath } from "./search-path";

const folder = mkdtempSync(join(tmpdir(), "search-path-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("a folder that cannot be looked into is passed over, as execvp does it", () => {
  const [loop, closed, good] = ["loop", "closed", "good"].map((name) => join(folder, name)) as [string, string, string];
  symlinkSync(loop, loop);
  for (const one of [closed, good]) mkdirSync(one);
  writeFileSync(join(good, "program"), "#!/bin/sh\n", { mode: 0o755 });
  // Nothing is closed to root.
  chmodSync(closed, 0);
  expect(searchPath("program", folder, [loop, closed, good].join(delimiter))).toEqual({ file: join(good, "program") });
  expect(searchPath("program", folder, [loop, closed].join(delimiter))).toEqual({ problem: "missing" });
  expect(searchPath(join(loop, "program"), folder, undefined)).toEqual({ problem: "missing" });
});
