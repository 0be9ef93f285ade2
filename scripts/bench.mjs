// `npm run bench [names]`: runs bench/NAME.bench.ts against services of its own; without names all of them but the long ones, beside other
// engines where they can be had. `--readme` measures nothing: it puts what was measured into the README.
import { existsSync, readdirSync } from "node:fs";
import path from "node:path";
import { builtRun } from "./lib/built-run.mjs";
import { run } from "./lib/command.mjs";
import { ROOT, Trouble } from "./lib/project.mjs";
import { report } from "./lib/steps.mjs";

const SUFFIX = ".bench.ts";
/** Take long, and answer other questions than the table of targets. */
const BY_NAME_ONLY = ["growth", "soak"];

const given = process.argv.slice(2);
/** Flags (--rounds=3) are passed on to each bench. */
const flags = given.filter((one) => one.startsWith("-"));
const names = given.filter((one) => !one.startsWith("-"));

const folder = path.join(ROOT, "bench");
const all = existsSync(folder)
  ? readdirSync(folder)
      .filter((file) => file.endsWith(SUFFIX))
      .map((file) => file.slice(0, -SUFFIX.length))
      .sort()
  : [];

const unknown = names.find((one) => !all.includes(one));
if (unknown) {
  report(new Trouble(`There is no bench ${unknown}: there are ${all.join(", ")}.`));
  process.exit(1);
}

if (flags.includes("--readme")) {
  const args = ["--import", "tsx", path.join(folder, "lib", "paste-readme.ts")];
  const { code } = await run(process.execPath, args, { stdio: ["ignore", "inherit", "inherit"] });
  process.exit(code ?? 1);
}
if (names.length === 0 && !flags.includes("--peers")) flags.push("--peers");

await builtRun("bench", { withServices: true }, async ({ line, start }) => {
  let failed = 0;
  for (const name of names.length > 0 ? names : all.filter((one) => !BY_NAME_ONLY.includes(one))) {
    line(`\n${name}`);
    const code = await start([`bench/${name}${SUFFIX}`, ...flags], { NODE_ENV: "production" });
    if (code === 0) continue;
    failed++;
    line(`${name} ended with code ${code}.`);
  }
  return failed > 0 ? 1 : 0;
});
