import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/platform/json-safety";
import { programConfig } from "../../src/programs/command";
import { programArgv } from "./argv";

const root = mkdtempSync(join(tmpdir(), "mlqueue-argv-"));
const folder = join(root, "programs");
mkdirSync(join(folder, "sub"), { recursive: true });
for (const name of ["train.mjs", "train.cjs", "train.py", "plain.txt", "tool", "../outside.py", "sub/inner.py"])
  writeFileSync(join(folder, name), "");
chmodSync(join(folder, "tool"), 0o755);
symlinkSync(join(root, "outside.py"), join(folder, "link-out.py"));
symlinkSync("train.py", join(folder, "link-in.py"));
afterAll(() => rmSync(root, { recursive: true }));

const options = { entrypointsDir: folder, allowCommands: true };
const entry = (entrypoint: string) => programArgv({ entrypoint, command: null, config: {} }, options);
const command = (argv: string[], config: JsonObject = {}) =>
  programArgv({ entrypoint: null, command: argv, config }, options);

describe("an entrypoint", () => {
  test("is run by what its name or its executable bit says", () => {
    expect(entry("train.mjs")).toEqual({ argv: [process.execPath, join(folder, "train.mjs")] });
    expect(entry("train.cjs")).toEqual({ argv: [process.execPath, join(folder, "train.cjs")] });
    expect(entry("train.py")).toEqual({ argv: ["python3", join(folder, "train.py")] });
    expect(entry("tool")).toEqual({ argv: [join(folder, "tool")] });
    expect(entry("link-in.py")).toEqual({ argv: ["python3", join(folder, "link-in.py")] });
    expect(entry("plain.txt")).toEqual({ error: "The entrypoint plain.txt is not executable." });
  });

  test.each([
    "../outside.py",
    "..",
    ".",
    "",
    "sub/inner.py",
    "sub",
    "link-out.py",
    "/etc/passwd",
    "..\\outside.py",
    "train.py\0",
    "gone.py",
  ])("%j leaves the folder or is no program", (name) => {
    expect(entry(name)).toHaveProperty("error");
  });
});

describe("a command", () => {
  test("gets values of the config: texts as they are, others as JSON", () => {
    const config = { lr: 0.001, name: "a b", deep: { a: { b: [1, 2] } }, "dotted.key": true, none: null };
    expect(
      command(
        [
          "x",
          "{config.lr}",
          "n={config.name}",
          "{config.deep.a.b}",
          "{config.deep.a.b.1}",
          "{config.dotted.key}",
          "{config.none}",
        ],
        config,
      ),
    ).toEqual({
      argv: ["x", "0.001", "n=a b", "[1,2]", "2", "true", "null"],
    });
  });

  test("gets all of it as options", () => {
    const config = { lr: 0.001, epochs: 100, fast: true, slow: false, none: null, layers: [1, 2], name: "a b" };
    expect(command(["x", "{params}"], config)).toEqual({
      argv: ["x", "--lr", "0.001", "--epochs", "100", "--fast", "--layers", "[1,2]", "--name", "a b"],
    });
    expect(command(["sh", "-c", "x {params}"], { lr: 0.001, epochs: 100 })).toEqual({
      argv: ["sh", "-c", "x --lr 0.001 --epochs 100"],
    });
    expect(command(["x", "{params}"])).toEqual({ argv: ["x"] });
  });

  test("that names what the config does not have is refused by name", () => {
    expect(command(["x", "{config.lr} {config.gone}"], { lr: 1 })).toEqual({
      error: "The command names {config.gone}, which the config does not have.",
    });
    expect(
      command(["x", "{config.constructor}", "{config.length}", "{config.text.length}"], { text: "t" }),
    ).toHaveProperty("error");
  });

  test("keeps every other brace", () => {
    expect(command(["python3", "-c", "print({'a': {1}}, '{config}', '{other}')"])).toHaveProperty("argv");
    expect(command(["echo", "{config} {} {params"])).toEqual({ argv: ["echo", "{config} {} {params"] });
  });

  test("never reads a value as a placeholder", () => {
    fc.assert(
      fc.property(fc.string(), (value) => {
        expect(command(["x", "{config.value}"], { value: `{params}{config.other}${value}`, other: "secret" })).toEqual({
          argv: ["x", `{params}{config.other}${value}`],
        });
      }),
    );
  });

  test("must name a program, and needs a worker that allows commands", () => {
    expect(command(["{params}"])).toHaveProperty("error");
    expect(command(["{config.program}"], { program: "" })).toHaveProperty("error");
    expect(
      programArgv({ entrypoint: null, command: ["true"], config: {} }, { ...options, allowCommands: false }),
    ).toHaveProperty("error");
    expect(programArgv({ entrypoint: null, command: null, config: {} }, options)).toHaveProperty("error");
  });
});

test("only the SDKs' exact wrapper is unwrapped", () => {
  const inner = { lr: 1 };
  expect(programConfig({ config_id: "c", config: inner, created_at: "now" })).toBe(inner);
  for (const config of [
    { config: inner },
    { config_id: "c", config: inner, created_at: "now", more: 1 },
    { config_id: "c", config: 3, created_at: "now" },
  ])
    expect(programConfig(config)).toBe(config);
  expect(command(["x", "{config.lr}"], { config_id: "c", config: inner, created_at: "now" })).toEqual({
    argv: ["x", "1"],
  });
});
