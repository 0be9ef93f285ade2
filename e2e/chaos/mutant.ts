// A build with one fault in it. The pages are those of the whole build: what is mutated is in the server and the worker.
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { bundle } from "../../scripts/lib/build.mjs";
import type { Mutation } from "./mutations";

/** @returns the folder of the mutant; it lies in the build's, where packages and pages are found */
export const buildMutant = async ({ name, replacements }: Mutation, dist: string, log: string): Promise<string> => {
  const folder = join(dist, "mutants", name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  await bundle(folder, log, replacements);
  return folder;
};
