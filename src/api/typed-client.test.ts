// A typed client of the REST API, made from the OpenAPI document by openapi-typescript: it compiles, and it refuses what the API would.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openApiDocument } from "./openapi";

const folder = mkdtempSync(join(tmpdir(), "mlqueue-typed-client-"));
afterAll(() => rmSync(folder, { recursive: true }));

const USAGE = `
import type { paths } from "./api";

type Json<T> = T extends { content: { "application/json": infer Body } } ? Body : never;
type Body<Path extends keyof paths, Method extends keyof paths[Path]> =
  paths[Path][Method] extends { requestBody?: infer Given } ? Json<NonNullable<Given>> : never;
type Answer<Path extends keyof paths, Method extends keyof paths[Path], Status extends number> =
  paths[Path][Method] extends { responses: infer All } ? (Status extends keyof All ? Json<All[Status]> : never) : never;

export const task: Body<"/v1/tasks", "post"> = {
  name: "mnist", config: { lr: 0.1, layers: [64, 64], nested: { deep: null } }, command: ["python3", "train.py"], priority: 5,
  resources: { gpus: 1 }, metadata: { by: "ada" },
};
// @ts-expect-error a task needs a config
export const noConfig: Body<"/v1/tasks", "post"> = { name: "mnist" };
// @ts-expect-error a priority is a number
export const wrongPriority: Body<"/v1/tasks", "post"> = { name: "mnist", config: {}, priority: "high" };

declare const created: Answer<"/v1/tasks", "post", 201>;
export const id: string = created.task_id;
export const status: "pending" | "queued" | "running" | "completed" | "failed" | "cancelled" = created.status;
// @ts-expect-error where it stands may be unknown
export const position: number = created.queue_position;

declare const claimed: Answer<"/v2/units/{id}/claim", "post", 200>;
export const run: string | undefined = claimed.queue?.queue_id;
export const lr: unknown = claimed.queue?.parameters?.lr;

declare const listed: Answer<"/v1/tasks", "get", 200>;
export const names: string[] = listed.tasks.map((one) => one.name);
`;

let types = "";
beforeAll(() => {
  const made = spawnSync(process.execPath, [resolve("src/testing/generate-types.mjs")], {
    input: JSON.stringify(openApiDocument()),
    encoding: "utf8",
    maxBuffer: 2 ** 26,
  });
  expect([made.status, made.stderr]).toEqual([0, ""]);
  types = made.stdout;
}, 60_000);

const compile = (usage: string) => {
  writeFileSync(join(folder, "api.ts"), types);
  writeFileSync(join(folder, "usage.ts"), usage);
  const compilerOptions = {
    ...{ strict: true, noUncheckedIndexedAccess: true, exactOptionalPropertyTypes: true, noEmit: true },
    ...{ module: "esnext", moduleResolution: "bundler", types: [] },
  };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions, files: ["usage.ts"] }));
  return spawnSync(resolve("node_modules/.bin/tsc"), ["--project", folder], { encoding: "utf8" });
};

test("it compiles in strict mode, and what the API would refuse does not", { timeout: 60_000 }, () => {
  expect(types).toContain("export interface paths");
  const { status, stdout } = compile(USAGE);
  expect([stdout, status]).toEqual(["", 0]);
  // Each of the lines that are to be refused is, for itself.
  expect(compile(USAGE.replaceAll("// @ts-expect-error", "//")).stdout.match(/error TS/g)).toHaveLength(3);
});
