// `npm run build:driver`: the driver package into dist/driver, ready for `npm pack`.
import path from "node:path";
import { buildDriver } from "./lib/build-driver.mjs";
import { ROOT } from "./lib/project.mjs";

const outdir = path.join(ROOT, "dist/driver");
try {
  await buildDriver(outdir);
  console.log(`The driver package is in ${path.relative(process.cwd(), outdir) || "."}.`);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
