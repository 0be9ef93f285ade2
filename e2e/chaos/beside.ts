// Another version's bundles, to run beside ours over the database that ours has migrated.
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync } from "node:fs";
import { basename, join } from "node:path";
import { run } from "../../scripts/lib/command.mjs";
import { ROOT } from "../../scripts/lib/project.mjs";

/** `root`: its sources, as MLQUEUE_ROOT; `dist`: its bundles */
export type Version = { root: string; dist: string };

const BUNDLE = `
  const [script, dist, log] = process.argv.slice(1);
  const { bundle } = await import(script);
  await bundle(dist, log);`;

const lockOf = (root: string): string => readFileSync(join(root, "package-lock.json"), "utf8");

/**
 * Checks a version out into a folder and bundles it there, by its own build script. Its packages are ours where both name the same
 * ones, and so are its pages, which the gate does not ask for.
 *
 * @param ours our build @throws Error for a ref that git does not know; Trouble when it cannot be bundled
 */
export const buildVersion = async (ref: string, ours: string, root: string, log: string): Promise<Version> => {
  mkdirSync(root, { recursive: true });
  const archive = join(root, "../version.tar");
  execFileSync("git", ["archive", "--output", archive, ref], { cwd: ROOT, stdio: ["ignore", "ignore", "inherit"] });
  execFileSync("tar", ["-xf", archive, "-C", root]);
  // Not one link: its build looks for packages to mend in a folder of its own.
  if (lockOf(root) === lockOf(ROOT)) execFileSync("cp", ["-al", join(ROOT, "node_modules"), root]);
  else
    await run("npm", ["ci"], { cwd: root, env: process.env, log, failure: `The packages of ${ref} could not be had.` });
  // Where NEXT_DIST_DIR, which is relative, finds them.
  mkdirSync(join(root, "dist"), { recursive: true });
  symlinkSync(ours, join(root, "dist", basename(ours)));
  const dist = join(root, "dist/version");
  // In a process of its own: by MLQUEUE_ROOT its script knows where its sources are.
  await run(process.execPath, ["--input-type=module", "-e", BUNDLE, join(root, "scripts/lib/build.mjs"), dist, log], {
    cwd: root,
    env: { ...process.env, MLQUEUE_ROOT: root },
    log,
    failure: `${ref} could not be bundled.`,
  });
  return { root, dist };
};
