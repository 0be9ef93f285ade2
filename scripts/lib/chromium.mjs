// A Chromium for the browser tests.
import { existsSync } from "node:fs";
import { run } from "./command.mjs";
import { onPath } from "./redis-binary.mjs";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/**
 * CHROMIUM_PATH, else one on PATH, else, as root on Debian, its package (with a font that has Chinese letters).
 *
 * @returns {Promise<string | null>} null when there is none: the browser tests are then skipped
 */
export const findChromium = async ({ env, log, say = () => {} }) => {
  if (env.CHROMIUM_PATH && existsSync(env.CHROMIUM_PATH)) return env.CHROMIUM_PATH;
  const found = onPath(NAMES, env.PATH);
  if (found) return found;
  if (process.getuid?.() !== 0 || !existsSync("/etc/debian_version")) return null;
  say("apt-get install chromium");
  const apt = { ...env, DEBIAN_FRONTEND: "noninteractive" };
  await run("apt-get", ["update", "-q"], { env: apt, log });
  await run("apt-get", ["install", "-y", "-q", "--no-install-recommends", "chromium", "fonts-noto-cjk"], {
    env: apt,
    log,
  });
  return onPath(NAMES, env.PATH);
};
