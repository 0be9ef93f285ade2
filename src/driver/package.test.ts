// The package as somebody installs it: packed, installed into an empty folder, type-checked and run there.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildDriver } from "../../scripts/lib/build-driver.mjs";
import { useHttpServer } from "../testing/http";
import { makeAccount } from "../testing/make";
import { useTestServices } from "../testing/services";
import { createClient } from "./client";

useTestServices();
const { site } = useHttpServer();

const root = resolve(import.meta.dirname, "../..");
const work = mkdtempSync(join(tmpdir(), "mlqueue-package-"));
const project = join(work, "project");
const installed = join(project, "node_modules/mlqueue");
const exec = promisify(execFile);
const npm = (args: string[], cwd: string) =>
  exec("npm", [...args, "--no-audit", "--no-fund", "--prefer-offline", "--loglevel=error"], { cwd, env: cleanEnv() });

/** npm tells its children of the project that it was called for. */
const cleanEnv = (): NodeJS.ProcessEnv =>
  Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !/^npm_(lifecycle|package)/.test(name)),
  ) as NodeJS.ProcessEnv;

beforeAll(async () => {
  const dist = join(work, "dist");
  await buildDriver(dist);
  await npm(["pack", "--pack-destination", work], dist);
  const tarball = readdirSync(work).find((name) => name.endsWith(".tgz")) ?? "";
  // lib and data are links in the repository; a copy has them as folders.
  cpSync(join(root, "examples/driver"), project, { recursive: true, dereference: true });
  await npm(["install", join(work, tarball)], project);
}, 180_000);
afterAll(() => rmSync(work, { recursive: true, force: true }));

const filesBelow = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());

/** What tsc says of the project; empty when it is content. */
const typeCheck = (): Promise<string> =>
  exec(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "-p", project], { cwd: project }).then(
    () => "",
    (error: { stdout: string }) => error.stdout,
  );

test("it has less than 200 KB, and nothing of the server's", () => {
  const files = filesBelow(installed);
  expect(files.reduce((sum, path) => sum + statSync(path).size, 0)).toBeLessThan(200_000);
  const code = files
    .filter((path) => /\.(js|ts)$/.test(path))
    .map((path) => readFileSync(path, "utf8"))
    .join("\n");
  expect(code).not.toMatch(/from ?"(next|drizzle-orm|postgres|ioredis|pino|react)[/"]/);
  const { dependencies } = JSON.parse(readFileSync(join(installed, "package.json"), "utf8")) as {
    dependencies: object;
  };
  expect(Object.keys(dependencies)).toEqual(["@trpc/client", "@trpc/server"]);
});

test("drivers are type-checked to the field, also with skipLibCheck off", async () => {
  writeFileSync(
    join(project, "typed.ts"),
    `
import { createClient, defineDriver, openUnit, MLQueueError, RunAborted } from "mlqueue";
import { defineDriver as same } from "mlqueue/driver";
import { z } from "zod";

const client = createClient({ url: "http://localhost:8080", apiKey: "mlq_x" });
export const check = async (): Promise<string> => {
  const run = await client.runs.complete.mutate({ runId: "run_1", result: { accuracy: 0.9 } });
  // @ts-expect-error a wrong name of a field does not compile
  await client.runs.complete.mutate({ runId: "run_1", reslt: { accuracy: 0.9 } });
  // @ts-expect-error nor one of an answer
  run.runIdd;
  const unit = await openUnit({ unit: "a/b", params: z.object({ lr: z.number() }) });
  for await (const one of unit.claim()) {
    const lr: number = one.params.lr;
    await one.complete({ result: { lr } });
    // @ts-expect-error nor one of complete
    await one.complete({ resutl: { lr } });
  }
  return run.status;
};
export const driver = defineDriver({
  unit: "a/b",
  params: z.object({ lr: z.number(), epochs: z.int().default(3) }),
  async run({ params, ctx, signal }) {
    const epochs: number = params.epochs;
    // @ts-expect-error there is no such parameter
    params.lrr;
    // @ts-expect-error a point is a number
    ctx.log({ loss: "low" }, { step: epochs });
    if (signal.reason instanceof RunAborted && signal.reason.kind === "cancelled") ctx.print("cancelled");
    return { lr: params.lr };
  },
});
export const isSame: boolean = same === defineDriver;
export const isOurs = (error: unknown): boolean => error instanceof MLQueueError && error.retryable;
`,
  );
  expect(await typeCheck()).toBe("");
  // The check is able to fail.
  writeFileSync(
    join(project, "wrong.ts"),
    'import { createClient } from "mlqueue/client";\ncreateClient().runs.get.query({ id: 1 });\n',
  );
  expect(await typeCheck()).toMatch(/wrong\.ts\(2,.*TS2353/);
  rmSync(join(project, "wrong.ts"));
}, 120_000);

const run = async (command: string, args: string[], env: Record<string, string>) => {
  const child = spawn(command, args, {
    cwd: project,
    env: { ...cleanEnv(), ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let printed = "";
  child.stdout.on("data", (chunk: Buffer) => (printed += chunk));
  child.stderr.on("data", (chunk: Buffer) => (printed += chunk));
  const [code] = (await once(child, "exit")) as [number | null];
  return { code, printed };
};

const connect = async () => {
  const { key } = await makeAccount();
  const client = createClient({ url: site.url, apiKey: key });
  const { groupId } = await client.groups.create.mutate({ name: "digits" });
  const { unitId } = await client.units.create.mutate({ groupId, name: "mlp" });
  const env = { MLQUEUE_URL: site.url, MLQUEUE_API_KEY: key, MLQUEUE_STATE_DIR: join(work, "state") };
  return { client, unitId, env };
};

test("the example learns real digits, and publishes its parameters", async () => {
  const { client, unitId, env } = await connect();
  const { runId } = await client.runs.create.mutate({ unitId, parameters: { lr: 0.1, epochs: 3 } });
  expect(await run("npm", ["start", "--", "--until-empty"], env)).toMatchObject({ code: 0 });
  const trained = await client.runs.get.query({ runId });
  expect(trained.status).toBe("completed");
  expect(trained.result?.accuracy).toBeGreaterThan(0.85);
  const { metrics } = await client.runs.metrics.query({ runId });
  expect(metrics.accuracy).toHaveLength(3);
  expect((await client.runs.checkpoint.query({ runId })).checkpoint?.step).toBe(3);
  expect((await client.units.get.query({ unitId })).parametersSchema).toMatchObject({
    properties: { lr: { default: 0.1 } },
  });
}, 60_000);

test("npx mlqueue driver run makes a driver of any program", async () => {
  const { client, unitId, env } = await connect();
  mkdirSync(join(project, "programs"), { recursive: true });
  writeFileSync(
    join(project, "programs/train.mjs"),
    `
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
const config = JSON.parse(readFileSync(process.env.MLQUEUE_CONFIG, "utf8"));
console.log(process.argv.slice(2).join(" "), process.env.MLQUEUE_ATTEMPT, process.env.MLQUEUE_API_KEY ?? "no key");
console.log(JSON.stringify({ step: 1, loss: 0.5 }));
appendFileSync(process.env.MLQUEUE_METRICS, JSON.stringify({ step: 2, loss: 0.25 }) + "\\n");
if (config.fails) { console.error("no luck"); process.exit(4); }
writeFileSync(process.env.MLQUEUE_RESULT, JSON.stringify({ lr: config.lr }));
`,
  );
  const good = await client.runs.create.mutate({ unitId, parameters: { lr: 0.1 } });
  const bad = await client.runs.create.mutate({ unitId, parameters: { lr: 0.2, fails: true } });
  const args = "mlqueue driver run -u digits/mlp --until-empty -- node programs/train.mjs --lr {config.lr}".split(" ");
  const { code, printed } = await run("npx", args, env);
  expect({ code, printed }).toEqual({ code: 0, printed: expect.stringContaining("1 completed, 1 failed, 0 stopped") });
  expect(await client.runs.get.query({ runId: good.runId })).toMatchObject({
    status: "completed",
    result: { lr: 0.1 },
  });
  const { logs } = await client.runs.logs.query({ runId: good.runId });
  expect(logs.map(({ message }) => message)).toEqual(["--lr 0.1 1 no key", '{"step":1,"loss":0.5}']);
  const { metrics } = await client.runs.metrics.query({ runId: good.runId });
  expect(metrics.loss?.map(({ step, value }) => [step, value])).toEqual([
    [1, 0.5],
    [2, 0.25],
  ]);
  expect(await client.runs.get.query({ runId: bad.runId })).toMatchObject({
    status: "failed",
    errorMessage: expect.stringMatching(/exit code 4[\s\S]*no luck/),
  });
}, 60_000);
