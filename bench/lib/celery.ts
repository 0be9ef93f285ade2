// Celery to compare with, where the machine has it, such as from Debian's packages python3-celery and python3-redis.
import { execFile, execFileSync } from "node:child_process";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { BenchServices } from "./services";

const SCRIPT = fileURLToPath(new URL("../peers_celery.py", import.meta.url));
/** The first one may be of a version manager, and know nothing of the system's packages. */
const PYTHONS = ["python3", "/usr/bin/python3"];

const hasCelery = (python: string): boolean => {
  try {
    execFileSync(python, ["-c", "import celery, redis"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
};

export type Celery = {
  /** Programs per second of `subprocess.run` in as many prefork workers, from the first end to the last. */
  programs: (command: string[], slots: number, count: number) => Promise<number>;
};

/** @returns null, and says so, where no Python can import celery and redis */
export const findCelery = ({ redisUrl, redisPrefix }: BenchServices): Celery | null => {
  const python = PYTHONS.find(hasCelery);
  if (python === undefined) {
    console.log("Celery is not compared with: no python3 here can import celery and redis.");
    return null;
  }
  const env = { ...process.env, REDIS_URL: redisUrl, PEERS_PREFIX: redisPrefix, PYTHONDONTWRITEBYTECODE: "1" };
  return {
    programs: async (command, slots, count) => {
      const args = [SCRIPT, String(slots), String(count), ...command];
      const { stdout } = await promisify(execFile)(python, args, { cwd: path.dirname(SCRIPT), env });
      return (JSON.parse(stdout) as { perSecond: number }).perSecond;
    },
  };
};
