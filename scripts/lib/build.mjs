// Builds what `npm start` serves into dist/<hash of the sources>: a build that is served is never written to again.
import { createHash } from "node:crypto";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { run } from "./command.mjs";
import { waitLock } from "./lock.mjs";
import { mendedPostgres } from "./mended-postgres.mjs";
import { ROOT, Trouble } from "./project.mjs";
import { replaced } from "./replacing-text.mjs";
import { readRun } from "./run-file.mjs";

const FILES = [
  "package-lock.json",
  "next.config.ts",
  "tsconfig.json",
  "tsconfig.next.json",
  "postcss.config.mjs",
  "scripts/lib/build.mjs",
  "scripts/lib/mended-postgres.mjs",
  "scripts/lib/replacing-text.mjs",
];
const FOLDERS = ["src", "worker", "drizzle", "public"];
const NOT_BUILT = /\.test\.tsx?$|\.md$|(^|\/)(src\/testing|worker\/test-programs)\//;

/** Bundle → entry. */
const BUNDLES = {
  server: "src/server.ts",
  worker: "worker/main.ts",
  migrate: "src/platform/migrate.ts",
  account: "src/accounts/cli.ts",
};

/** A build not used for this long may go: another `npm test` may be serving one that nobody wrote down. */
const KEEP_MS = 30 * 60_000;

const distFolder = () => path.join(ROOT, "dist");

/** The files a build is made of, relative, in a fixed order. */
export const sourceFiles = (root = ROOT) => {
  const files = FILES.filter((file) => existsSync(path.join(root, file)));
  for (const folder of FOLDERS) {
    if (!existsSync(path.join(root, folder))) continue;
    for (const entry of readdirSync(path.join(root, folder), { recursive: true, withFileTypes: true })) {
      const file = path.relative(root, path.join(entry.parentPath ?? entry.path, entry.name)).replaceAll("\\", "/");
      if (entry.isFile() && !NOT_BUILT.test(file)) files.push(file);
    }
  }
  return files.sort();
};

/** 12 hexadecimal digits that change when any source does. */
export const sourceHash = (root = ROOT) => {
  const hash = createHash("sha256");
  for (const file of sourceFiles(root)) {
    const content = readFileSync(path.join(root, file));
    hash.update(`${file}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex").slice(0, 12);
};

const markOf = (dist) => path.join(dist, "complete");

/** The build for the sources as they are; null when there is none. */
export const findBuild = () => {
  const dist = path.join(distFolder(), sourceHash());
  return existsSync(markOf(dist)) ? dist : null;
};

/** Where the pages of a build are, as Next wants it: relative to the repository. */
export const pagesFolder = (dist) => path.relative(ROOT, path.join(dist, "next")).replaceAll("\\", "/");

/**
 * Bundles the programs into a folder.
 *
 * @param {string} dist @param {string} log
 * @param {import("./replacing-text.mjs").Replacement[]} [replacements] of the sources, for a build that is wrong on purpose
 */
export const bundle = async (dist, log, replacements = []) => {
  const { default: esbuild } = await import(pathToFileURL(path.join(ROOT, "node_modules/esbuild/lib/main.js")).href);
  try {
    mkdirSync(dist, { recursive: true });
    // Run by perl, from beside the worker's bundle.
    writeFileSync(path.join(dist, "launcher.pl"), replaced("worker/executors/launcher.pl", replacements));
    await esbuild.build({
      absWorkingDir: ROOT,
      entryPoints: Object.entries(BUNDLES).map(([out, entry]) => ({ out, in: entry })),
      outdir: dist,
      outExtension: { ".js": ".mjs" },
      bundle: true,
      packages: "external",
      plugins: mendedPostgres(replacements),
      format: "esm",
      platform: "node",
      target: "node20",
      sourcemap: true,
      logLevel: "silent",
    });
  } catch (error) {
    mkdirSync(path.dirname(log), { recursive: true });
    appendFileSync(log, `${error.message}\n`);
    throw new Trouble("The server or the worker could not be bundled.", {
      log,
      tail: error.message.split("\n").slice(0, 20).join("\n"),
    });
  } finally {
    // Its helper process would live as long as we do.
    await esbuild.stop();
  }
};

/**
 * `next build` into dist/<hash>/next.
 *
 * It adds each new output folder to tsconfig.json (unless that extends another) and imports it in next-env.d.ts; both
 * would name a build that is deleted later, so both are put back.
 */
const buildPages = async (dist, env, log) => {
  const tsconfig = path.join(ROOT, "tsconfig.json");
  const before = existsSync(tsconfig) ? readFileSync(tsconfig, "utf8") : null;
  const nextDir = pagesFolder(dist);
  const buildEnv = {
    ...env,
    NODE_ENV: "production",
    NEXT_DIST_DIR: nextDir,
    NEXT_TELEMETRY_DISABLED: "1",
    MLQUEUE_ROOT: ROOT,
  };
  try {
    await run(process.execPath, ["node_modules/next/dist/bin/next", "build"], {
      env: buildEnv,
      log,
      failure: "The pages could not be built.",
    });
  } finally {
    if (before !== null && readFileSync(tsconfig, "utf8").includes(nextDir)) writeFileSync(tsconfig, before);
    writeFileSync(
      path.join(ROOT, "next-env.d.ts"),
      '/// <reference types="next" />\n/// <reference types="next/image-types/global" />\n',
    );
  }
};

/** Deletes old builds, but the two newest, the ones a live `npm start` serves, and what was used a short time ago. */
const prune = (dataDirs) => {
  const served = dataDirs.map((dataDir) => readRun(dataDir)?.dist);
  const builds = readdirSync(distFolder())
    .filter((name) => /^[0-9a-f]{12}$/.test(name))
    .map((name) => path.join(distFolder(), name))
    .map((dist) => ({
      dist,
      usedAt: existsSync(markOf(dist)) ? statSync(markOf(dist)).mtimeMs : statSync(dist).mtimeMs,
    }))
    .sort((a, b) => b.usedAt - a.usedAt);
  for (const { dist, usedAt } of builds.slice(2))
    if (!served.includes(dist) && Date.now() - usedAt > KEEP_MS) rmSync(dist, { recursive: true, force: true });
};

/**
 * Builds when there is no build of the sources as they are.
 *
 * Sources that change meanwhile would put new content under an old hash: then the build is done again, and after three
 * rounds used once but not marked as complete.
 *
 * @param {{env: object, log: string, dataDirs?: string[], say?: (note: string) => void}} options
 *   dataDirs: data directories whose run.json may name a build in use
 * @returns {Promise<{dist: string, built: boolean}>} dist: absolute path
 * @throws Trouble with the end of the build's output
 */
export const build = async ({ env, log, dataDirs = [], say = () => {} }) => {
  const use = (dist, built) => {
    utimesSync(markOf(dist), new Date(), new Date());
    return { dist, built };
  };
  const found = findBuild();
  if (found) return use(found, false);
  const release = await waitLock(path.join(distFolder(), ".lock"), "build", {
    onWait: (holder) => say(`waiting for the build of process ${holder.pid}`),
  });
  try {
    for (let round = 1; ; round++) {
      const hash = sourceHash();
      const dist = path.join(distFolder(), hash);
      if (existsSync(markOf(dist))) return use(dist, false);
      say(round === 1 ? "bundles and pages" : "again: the sources changed meanwhile");
      rmSync(dist, { recursive: true, force: true });
      mkdirSync(dist, { recursive: true });
      await bundle(dist, log);
      await buildPages(dist, env, log);
      const changed = sourceHash() !== hash;
      if (changed && round < 3) continue;
      if (!changed) writeFileSync(markOf(dist), `${new Date().toISOString()}\n`);
      prune(dataDirs);
      return { dist, built: true };
    }
  } finally {
    release();
  }
};
