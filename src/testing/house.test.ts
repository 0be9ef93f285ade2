// The rules of src/README.md that a machine can hold.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { expect, test } from "vitest";

const root = resolve(import.meta.dirname, "../..");

/** Floor of each room: imports go down only, or stay in the room. */
const FLOORS: Record<string, number> = {
  "src/platform": 0,
  "src/i18n": 0,
  "src/ui": 0,
  "src/sharing": 0.4,
  "src/activity": 0.5,
  "src/webhooks": 1,
  "src/metrics": 1,
  "src/logs": 1,
  "src/accounts": 1,
  "src/programs": 1.5,
  "src/tasks": 2,
  "src/runs": 2,
  "src/api": 3,
  "src/app": 4,
  "src/server.ts": 4,
  "src/driver": 4,
  worker: 4,
};
/** Rooms of one floor that may use each other. */
const NEIGHBOURS = new Set(["src/platform", "src/i18n", "src/ui"]);

const roomOf = (file: string): string | undefined =>
  Object.keys(FLOORS).find((room) => file === room || file.startsWith(`${room}/`));

const sources = (folder: string): string[] =>
  readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .filter((file) => /\.tsx?$/.test(file) && !/\.test\.tsx?$/.test(file))
    .map((file) => join(folder, file));

type Import = { from: string; to: string; isType: boolean };

const importsOf = (file: string): Import[] =>
  [
    ...readFileSync(join(root, file), "utf8").matchAll(/^(?:import|export)\s+(type\s)?[^"';]*?from\s+"(\.[^"]+)"/gm),
  ].map((match) => ({
    from: file,
    to: relative(root, resolve(root, dirname(file), match[2] ?? "")),
    isType: match[1] !== undefined,
  }));

/** The two upward edges of the house: types of the router, for the pages' client and the driver's. */
const isAllowedUpward = (edge: Import): boolean =>
  edge.isType &&
  ((edge.to === "src/api/root" && edge.from.startsWith("src/ui/")) ||
    (edge.to === "src/api/client-root" && edge.from === "src/driver/client.ts"));

test("imports go down only, and features do not know each other", () => {
  const all = [...sources("src"), ...sources("worker")]
    .filter((file) => !file.startsWith("src/testing/"))
    .flatMap(importsOf);
  const wrong = all.filter((edge) => {
    const from = roomOf(edge.from);
    const to = roomOf(edge.to) ?? roomOf(`${edge.to}.ts`);
    if (!from || !to || from === to || isAllowedUpward(edge)) return false;
    const [above = 0, below = 0] = [FLOORS[from], FLOORS[to]];
    if (from === "worker" && to === "src/api") return true;
    if (above > below) return false;
    return !(NEIGHBOURS.has(from) && NEIGHBOURS.has(to));
  });
  expect(wrong.map((edge) => `${edge.from} → ${edge.to}`)).toEqual([]);
});

test("pure files import nothing that runs", () => {
  for (const file of ["place", "status", "retry-policy", "resource-class", "estimate"])
    expect(importsOf(`src/tasks/${file}.ts`).filter((edge) => !edge.isType)).toEqual([]);
});

test("no barrels and no utils", () => {
  const names = [...sources("src"), ...sources("worker")].map((file) => file.split("/").at(-1) ?? "");
  expect(names.filter((name) => /^(index|utils?|helpers?)\.tsx?$/.test(name))).toEqual([]);
});

test("redis' keys are known to ready-keys.ts only, and it to the two files that make the order", () => {
  const all = [...sources("src"), ...sources("worker")];
  expect(all.filter((file) => /REDIS_PREFIX/.test(readFileSync(join(root, file), "utf8"))).sort()).toEqual([
    "src/platform/env.ts",
    "src/platform/live.ts",
    "src/platform/rate-limit.ts",
    "src/platform/totals.ts",
    "src/tasks/ready-keys.ts",
    "src/testing/services.ts",
  ]);
  const users = all.filter((file) => importsOf(file).some((edge) => edge.to === "src/tasks/ready-keys"));
  expect(users.sort()).toEqual(["src/tasks/ready-queue.ts", "src/tasks/ready-sets.ts"]);
});

/** Who tells people or other programs a time of day, or compares with one that was told. */
const TELLS_THE_TIME = [
  "src/platform/ids.ts",
  "src/tasks/statistics.ts",
  "src/driver/program-run.ts",
  "src/driver/spool.ts",
  "src/driver/claimed-run.ts",
  "src/driver/exec.ts",
  "src/webhooks/deliver.ts",
  "src/runs/run-output.ts",
  "src/runs/plan.ts",
  "src/accounts/tokens.ts",
  "src/accounts/api-keys.ts",
  "src/accounts/authenticate.ts",
  "src/accounts/commands.ts",
  "worker/program-output.ts",
  "worker/forgotten-files.ts",
];

test("how long something takes is measured by performance.now(): the time of day may be set, by an hour or back", () => {
  const users = [...sources("src"), ...sources("worker")].filter(
    (file) =>
      !/^src\/(testing|app|ui)\/|\/ui\//.test(file) && /\bDate\.now\b/.test(readFileSync(join(root, file), "utf8")),
  );
  expect(users.sort()).toEqual([...TELLS_THE_TIME].sort());
});
