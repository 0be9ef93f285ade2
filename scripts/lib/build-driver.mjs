// Builds the driver package: JavaScript by esbuild, declarations by tsc, of which only the files that are reached are taken.
import { execFile } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { ROOT } from "./project.mjs";

/** Output → entry. The thread's file is loaded by its name, from beside the others. */
const ENTRIES = {
  mlqueue: "src/driver/mlqueue.ts",
  driver: "src/driver/driver-entry.ts",
  client: "src/driver/client-entry.ts",
  cli: "src/driver/cli.ts",
  "uplink-thread": "src/driver/uplink-thread.ts",
};
/** What declarations may name besides files of the package. Those of @trpc/client lead to `ws`, and do not compile with skipLibCheck off. */
const TYPE_PACKAGES = /^(@trpc\/server(\/(rpc|unstable-core-do-not-import))?|zod(\/.*)?|node:.*)$/;

const bundle = async (outdir) => {
  const { default: esbuild } = await import(pathToFileURL(path.join(ROOT, "node_modules/esbuild/lib/main.js")).href);
  try {
    await esbuild.build({
      absWorkingDir: ROOT,
      entryPoints: Object.entries(ENTRIES).map(([out, entry]) => ({ out, in: entry })),
      outdir,
      bundle: true,
      splitting: true,
      chunkNames: "shared-[hash]",
      packages: "external",
      format: "esm",
      platform: "node",
      target: "node20",
      // The package has 200 KB at most; names stay, so that stack traces can be read.
      minifyWhitespace: true,
      banner: { js: "// MLQueue driver. The sources are in src/driver of the repository." },
      logLevel: "silent",
    });
  } finally {
    // Its helper process would live as long as we do.
    await esbuild.stop();
  }
};

/** Every module that a declaration names: `from "…"`, `import "…"`, `import("…")`. */
const NAMED = /(\bfrom\s+|\bimport\s*\(?\s*)"([^"]+)"/g;

/** `import("module").Name` as `Name`, imported once; a name that two modules give, or the text has already, stays as it is. */
const withImportsAtTop = (text) => {
  const inline = /(?<!typeof )\bimport\("([^"]+)"\)\.(\w+)/g;
  const modules = new Map();
  for (const [, module, name] of text.matchAll(inline)) modules.set(name, (modules.get(name) ?? new Set()).add(module));
  const rest = text.replace(inline, "");
  const isFree = (name) => modules.get(name).size === 1 && !new RegExp(`\\b${name}\\b`).test(rest);
  const free = new Set([...modules.keys()].filter(isFree));
  const imports = [...free].map((name) => `import type { ${name} } from "${[...modules.get(name)][0]}";\n`);
  return imports.join("") + text.replace(inline, (whole, _, name) => (free.has(name) ? name : whole));
};

/**
 * tsc writes declarations of everything that the entries reach, the server's verbs and tables too. What the declarations
 * themselves name is far less: every procedure has an output schema, so the router's type is written out in full.
 *
 * @throws when a declaration names a package that the driver does not bring along
 */
const declarations = async (outdir) => {
  // Within the project, so that its packages are found.
  mkdirSync(path.join(ROOT, "dist"), { recursive: true });
  const work = mkdtempSync(path.join(ROOT, "dist/driver-types-"));
  try {
    const config = path.join(work, "tsconfig.json");
    const files = Object.values(ENTRIES).map((entry) => path.join(ROOT, entry));
    const compilerOptions = {
      noEmit: false,
      declaration: true,
      emitDeclarationOnly: true,
      incremental: false,
      plugins: [],
      removeComments: false,
      rootDir: path.join(ROOT, "src"),
      outDir: path.join(work, "out"),
    };
    writeFileSync(
      config,
      JSON.stringify({ extends: path.join(ROOT, "tsconfig.json"), compilerOptions, include: [], files }),
    );
    await promisify(execFile)(process.execPath, [path.join(ROOT, "node_modules/typescript/bin/tsc"), "-p", config], {
      cwd: ROOT,
      maxBuffer: 2 ** 24,
    }).catch((error) => {
      throw new Error(`The driver's declarations could not be made.\n${error.stdout}`);
    });
    /** What a procedure asks of its caller is the server's to know: as text it stands beside each of them. */
    const WITHOUT_META = [/\bmeta: Partial<import\("[./]*platform\/request-context"\)\.Needs>/g, "meta: object"];
    const taken = new Set();
    const take = (file) => {
      if (taken.has(file)) return;
      taken.add(file);
      const from = path.join(work, "out", file);
      const text = readFileSync(from, "utf8")
        .replace(...WITHOUT_META)
        .replace(NAMED, (whole, before, name) => {
          if (!name.startsWith(".")) {
            if (!TYPE_PACKAGES.test(name))
              throw new Error(`The driver's types lead to the package ${name}, by ${file}.`);
            return whole;
          }
          const target = path.join(path.dirname(file), name);
          take(`${target}.d.ts`);
          // Node's resolution of ES modules wants the ending.
          return `${before}"${name}.js"`;
        });
      const to = path.join(outdir, "types", file);
      mkdirSync(path.dirname(to), { recursive: true });
      // A third of the router's type is indentation, and much of the rest names the same few modules.
      writeFileSync(to, withImportsAtTop(text).replace(/^( {4})+/gm, ""));
    };
    for (const name of ["mlqueue", "driver-entry", "client-entry"]) take(`driver/${name}.d.ts`);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
};

const manifest = () => {
  const root = JSON.parse(readFileSync(path.join(ROOT, "package.json"), "utf8"));
  const at = (file, types) => ({ types: `./types/driver/${types}.d.ts`, default: `./${file}.js` });
  return {
    name: "mlqueue",
    version: root.version,
    description: "Driver and client of MLQueue, the run queue for ML people.",
    license: root.license,
    type: "module",
    engines: { node: ">=20" },
    bin: { mlqueue: "cli.js" },
    exports: {
      ".": at("mlqueue", "mlqueue"),
      "./driver": at("driver", "driver-entry"),
      "./client": at("client", "client-entry"),
      "./package.json": "./package.json",
    },
    dependencies: {
      "@trpc/client": root.dependencies["@trpc/client"],
      "@trpc/server": root.dependencies["@trpc/server"],
    },
    peerDependencies: { zod: "^4.0.0" },
  };
};

/**
 * @param {string} outdir absolute; it is replaced
 * @param {{types?: boolean}} options types: false leaves out the declarations, which take most of the time
 */
export const buildDriver = async (outdir, { types = true } = {}) => {
  rmSync(outdir, { recursive: true, force: true });
  mkdirSync(outdir, { recursive: true });
  await bundle(outdir);
  chmodSync(path.join(outdir, "cli.js"), 0o755);
  if (types) await declarations(outdir);
  writeFileSync(path.join(outdir, "package.json"), `${JSON.stringify(manifest(), null, 2)}\n`);
  copyFileSync(path.join(ROOT, "src/driver/README.md"), path.join(outdir, "README.md"));
  copyFileSync(path.join(ROOT, "LICENSE"), path.join(outdir, "LICENSE"));
};
