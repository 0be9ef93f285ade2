// Other queue engines to compare with (`--peers`): installed in a folder that is deleted afterwards, never in the repository.
import { execFile } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { percentile } from "./statistics";

const PACKAGES = ["graphile-worker@0.18.0", "bullmq@6.7.0", "ioredis@5", "pg@8"];
/** What graphile-worker asks for; both engines run on it. */
const NODE = "node@24";

const run = promisify(execFile);

export type Peers = {
  graphileBulk: (jobs: number) => Promise<number>;
  graphileDrain: (jobs: number, slots: number) => Promise<number>;
  bullmqDrain: (jobs: number, slots: number) => Promise<number>;
  bullmqPickup: (pings: number) => Promise<{ p50: number; p99: number }>;
};

/**
 * Installs the engines from the package registry. They work in the bench's own database and under a prefix of their own.
 * @returns null, and says so, where they cannot be had
 */
export const installPeers = async (): Promise<Peers | null> => {
  const folder = mkdtempSync(path.join(tmpdir(), "mlqueue-peers-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  writeFileSync(path.join(folder, "package.json"), '{"private":true,"type":"module","allowScripts":{"node":true}}');
  try {
    await run("npm", ["install", "--no-audit", "--no-fund", ...PACKAGES, NODE], { cwd: folder });
  } catch (error) {
    console.log(
      `Other engines are not compared with: ${error instanceof Error ? error.message.split("\n")[0] : error}`,
    );
    return null;
  }
  copyFileSync(fileURLToPath(new URL("../peers.mjs", import.meta.url)), path.join(folder, "peers.mjs"));
  const measure = async <T>(...args: (string | number)[]): Promise<T> => {
    const node = path.join(folder, "node_modules", "node", "bin", "node");
    const env = { ...process.env, PEERS_PREFIX: `${process.env.REDIS_PREFIX}peers` };
    const { stdout } = await run(node, ["peers.mjs", ...args.map(String)], { cwd: folder, env });
    return JSON.parse(stdout) as T;
  };
  const perSecond = async (...args: (string | number)[]) => (await measure<{ perSecond: number }>(...args)).perSecond;
  return {
    graphileBulk: (jobs) => perSecond("graphile-bulk", jobs),
    graphileDrain: (jobs, slots) => perSecond("graphile-drain", jobs, slots),
    bullmqDrain: (jobs, slots) => perSecond("bullmq-drain", jobs, slots),
    bullmqPickup: async (pings) => {
      const { took } = await measure<{ took: number[] }>("bullmq-pickup", pings, 10);
      return { p50: percentile(took, 0.5), p99: percentile(took, 0.99) };
    },
  };
};
