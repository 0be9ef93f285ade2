#!/usr/bin/env node
// `npx mlqueue`: any program as a driver.
import { readFileSync } from "node:fs";
import { readArguments, USAGE } from "./cli-arguments";
import { defineDriver } from "./driver";
import { runProgram } from "./program-run";
import { stateDirOf } from "./settings";

const EXIT_WRONG_USE = 2;

const version = (): string => {
  const found: { version?: string } = JSON.parse(readFileSync(new URL("./package.json", import.meta.url), "utf8"));
  return found.version ?? "unknown";
};

const main = async (args: string[]): Promise<void> => {
  const asked = readArguments(args);
  switch (asked.kind) {
    case "help":
      process.stdout.write(USAGE);
      return;
    case "version":
      process.stdout.write(`${version()}\n`);
      return;
    case "wrong":
      process.stderr.write(`${asked.problem}\n\n${USAGE}`);
      process.exitCode = EXIT_WRONG_USE;
      return;
    case "run": {
      const { run } = asked;
      const options = { command: run.command, stateDir: stateDirOf(undefined), graceMs: run.graceMs };
      const driver = defineDriver({
        unit: run.unit,
        url: run.url,
        name: run.name,
        create: run.create,
        concurrency: run.concurrency,
        captureOutput: false,
        // SIGKILL comes first, then the run returns.
        graceMs: run.graceMs + 5000,
        run: ({ params, ctx }) => runProgram(ctx, params, options),
      });
      const tally = await driver.start({ untilEmpty: run.untilEmpty });
      process.stderr.write(`mlqueue: ${tally.completed} completed, ${tally.failed} failed, ${tally.stopped} stopped\n`);
    }
  }
};

try {
  await main(process.argv.slice(2));
} catch (error) {
  process.stderr.write(`mlqueue: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
