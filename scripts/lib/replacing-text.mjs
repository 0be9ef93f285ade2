// Texts of sources that are replaced while they are bundled.
import { readFileSync } from "node:fs";
import path from "node:path";
import { ROOT } from "./project.mjs";

/** @typedef {{file: string, text: string, by: string}} Replacement file: relative to the repository; text: stands there exactly once */

/**
 * A file's source with its replacements.
 *
 * @param {string} file relative to the repository @param {readonly Replacement[]} replacements
 * @returns {string}
 * @throws Error when a text is not there, or more than once: then the source is another one than was meant
 */
export const replaced = (file, replacements) => {
  let source = readFileSync(path.join(ROOT, file), "utf8");
  for (const { text, by } of replacements.filter((one) => one.file === file)) {
    const parts = source.split(text);
    if (parts.length !== 2) throw new Error(`${file} holds this text ${parts.length - 1} times, not once:\n${text}`);
    source = parts.join(by);
  }
  return source;
};

/**
 * An esbuild plugin that bundles with replacements.
 *
 * @param {readonly Replacement[]} replacements
 * @returns {import("esbuild").Plugin}
 */
export const replacingText = (replacements) => ({
  name: "replacing-text",
  setup: (build) => {
    const files = new Set(replacements.map((one) => one.file));
    build.onLoad({ filter: /\.[mc]?[jt]sx?$/ }, (args) => {
      const file = path.relative(ROOT, args.path).replaceAll("\\", "/");
      if (!files.has(file)) return undefined;
      return { contents: replaced(file, replacements), loader: /\.tsx?$/.test(file) ? "ts" : "js" };
    });
  },
});
