// What is done to the cluster. Each fault is over, and healed, when its strike resolves.
import { renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import postgres from "postgres";
import { clockLibrary } from "./clock";
import { type Cluster, type Kept, PREFIX } from "./cluster";
import type { Away } from "./history";
import type { Watch } from "./network";
import { pause, pick, type Random } from "./seeded";

export type Fault = {
  name: string;
  /** what cannot be reached meanwhile, or lost what it knew */
  away: Away[];
  /** Programs are killed by it, which counts as a loss: the fourth one gives a task up. */
  isLossy?: boolean;
  /** It lasts longer than a lease: a long run has it each fourth round only, or most of its time would be such waits. */
  isLong?: boolean;
  /** It sets the time of day of our programs, which takes libfaketime. */
  setsClock?: boolean;
  /** @returns names of the workers whose programs died */
  strike: (cluster: Cluster, random: Random) => Promise<string[]>;
};

const oneOf = (cluster: Cluster, random: Random): Kept => {
  const worker = pick(random, cluster.workers);
  if (!worker) throw new Error("No worker is left to strike.");
  return worker;
};

const signalPid = (pid: number | null, signal: NodeJS.Signals): void => {
  if (pid === null) return;
  try {
    process.kill(pid, signal);
  } catch (error) {
    // It died by itself meanwhile, with its worker for instance.
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
};

const standStill = async (worker: Kept, ms: number): Promise<void> => {
  const { pid } = worker;
  signalPid(pid, "SIGSTOP");
  await pause(ms);
  signalPid(pid, "SIGCONT");
};

/** Does something to the network before PostgreSQL or Redis for a while. */
const network =
  (which: "toPostgres" | "toRedis", ms: number, begin: (proxy: Cluster["toPostgres"]) => void) =>
  async (cluster: Cluster): Promise<string[]> => {
    begin(cluster[which]);
    await pause(ms);
    cluster[which].heal();
    return [];
  };

/** In what goes to PostgreSQL: the token of a claim, and the end of an attempt. */
const hasClaim = (bytes: Buffer): boolean => bytes.includes("claim_");
const hasEnd = (bytes: Buffer): boolean => bytes.includes('"exit_code":');

const WATCH_MS = 8000;

/** Waits until something was seen on its way to PostgreSQL, and strikes then. A quiet cluster sends none: then nothing happens. */
const onceSeen = async (cluster: Cluster, watch: Watch): Promise<boolean> => {
  const until = Date.now() + WATCH_MS;
  let isSeen = false;
  cluster.toPostgres.watch((bytes) => {
    const verdict = isSeen ? "pass" : watch(bytes);
    if (verdict !== "pass") isSeen = true;
    return verdict;
  });
  while (!isSeen && Date.now() < until) await pause(10);
  await pause(50);
  cluster.toPostgres.watch(undefined);
  return isSeen;
};

const restart = async (cluster: Cluster, signal: "SIGQUIT" | "SIGINT"): Promise<string[]> => {
  await cluster.restartPostgres(signal);
  return [];
};

const readySets = async (cluster: Cluster): Promise<string[]> =>
  (await cluster.redis.keys(`${PREFIX}*`)).filter((key) => /:(ready|place):/.test(key)).sort();

const killBoth = async (cluster: Cluster): Promise<string[]> => {
  for (const worker of cluster.workers) worker.signal("SIGKILL");
  return cluster.workers.map((worker) => worker.name);
};

const killOne = async (cluster: Cluster, random: Random): Promise<string[]> => {
  const worker = oneOf(cluster, random);
  worker.signal("SIGKILL");
  return [worker.name];
};

/** Takes every connection that PostgreSQL has left. */
const exhaust = async (cluster: Cluster): Promise<string[]> => {
  const taken: postgres.Sql[] = [];
  const takeTen = async () => {
    const some = Array.from({ length: 10 }, () =>
      postgres(cluster.postgresUrl, { max: 1, onnotice: () => {}, connect_timeout: 5 }),
    );
    taken.push(...some);
    const answers = await Promise.allSettled(some.map((sql) => sql`SELECT 1`));
    return answers.every((answer) => answer.status === "fulfilled");
  };
  try {
    while (taken.length < 300 && (await takeTen()));
    // Those of ours are gone, too, and somebody else is quicker.
    cluster.toPostgres.cut();
    await takeTen();
    await pause(3000);
  } finally {
    await Promise.allSettled(taken.map((sql) => sql.end({ timeout: 1 })));
  }
  return [];
};

/** Sets the time of day of all our programs, lets them work by it for a while, and sets it back: a jump each way. */
const setClock = (name: string, seconds: number): Fault => ({
  name: `the clock set ${name}, and back after 5 s`,
  away: [],
  setsClock: true,
  strike: async (cluster) => {
    cluster.clock.set(seconds);
    await pause(5000);
    cluster.clock.set(0);
    return [];
  },
});

const HOUR = 3600;

/** A file stands where the folder was: nothing can be written or read there, whoever we are. */
const spoolGone = async (cluster: Cluster): Promise<string[]> => {
  const spool = join(cluster.options.dataDir, "spool");
  renameSync(spool, `${spool}.away`);
  writeFileSync(spool, "");
  await pause(4000);
  rmSync(spool);
  renameSync(`${spool}.away`, spool);
  return [];
};

const faults: Fault[] = [
  { name: "kill -9 of a worker", away: [], isLossy: true, strike: killOne },
  {
    name: "kill -9 of a launcher",
    away: [],
    isLossy: true,
    strike: async (cluster, random) => {
      const worker = oneOf(cluster, random);
      signalPid(cluster.launcherOf(worker), "SIGKILL");
      return [];
    },
  },
  {
    name: "kill -9 of a worker and its launcher",
    away: [],
    isLossy: true,
    strike: async (cluster, random) => {
      const worker = oneOf(cluster, random);
      const launcher = cluster.launcherOf(worker);
      signalPid(launcher, "SIGKILL");
      worker.signal("SIGKILL");
      return [worker.name];
    },
  },
  { name: "kill -9 of both workers", away: [], isLossy: true, strike: killBoth },
  {
    name: "SIGSTOP of a worker for 3 s",
    away: [],
    strike: async (cluster, random) => {
      await standStill(oneOf(cluster, random), 3000);
      return [];
    },
  },
  {
    name: "SIGSTOP of a worker for 70 s, longer than its lease",
    away: [],
    isLossy: true,
    isLong: true,
    strike: async (cluster, random) => {
      await standStill(oneOf(cluster, random), 70_000);
      return [];
    },
  },
  {
    name: "SIGTERM of a worker",
    away: [],
    strike: async (cluster, random) => {
      oneOf(cluster, random).signal("SIGTERM");
      return [];
    },
  },
  {
    name: "kill -9 of the web server",
    away: ["web"],
    strike: async (cluster) => {
      cluster.web.signal("SIGKILL");
      return [];
    },
  },
  {
    name: "SIGTERM of the web server",
    away: ["web"],
    strike: async (cluster) => {
      cluster.web.signal("SIGTERM");
      await pause(2000);
      return [];
    },
  },
  {
    name: "FLUSHALL",
    away: ["redis"],
    strike: async (cluster) => {
      await cluster.redis.flushall();
      return [];
    },
  },
  {
    name: "DEL of a set",
    away: ["redis"],
    strike: async (cluster, random) => {
      const key = pick(random, await readySets(cluster));
      if (key !== undefined) await cluster.redis.del(key);
      return [];
    },
  },
  {
    name: "DEL of the epoch",
    away: ["redis"],
    strike: async (cluster) => {
      await cluster.redis.del(`${PREFIX}epoch`);
      return [];
    },
  },
  {
    name: "Redis killed, back with older data",
    away: ["redis"],
    strike: async (cluster) => {
      await cluster.redis.save();
      await pause(1500);
      await cluster.restartRedis("old");
      return [];
    },
  },
  {
    name: "Redis killed, back empty",
    away: ["redis"],
    strike: async (cluster) => {
      await cluster.restartRedis("none");
      return [];
    },
  },
  {
    name: "SIGSTOP of Redis for 3 s",
    away: ["redis"],
    strike: async (cluster) => {
      const pid = cluster.redisPid;
      signalPid(pid, "SIGSTOP");
      await pause(3000);
      signalPid(pid, "SIGCONT");
      return [];
    },
  },
  {
    name: "CLIENT PAUSE of Redis for 2 s",
    away: ["redis"],
    strike: async (cluster) => {
      await cluster.redis.call("CLIENT", "PAUSE", "2000", "ALL");
      await pause(2000);
      return [];
    },
  },
  { name: "Redis' connections cut", away: ["redis"], strike: network("toRedis", 200, (proxy) => proxy.cut()) },
  { name: "Redis refuses for 4 s", away: ["redis"], strike: network("toRedis", 4000, (proxy) => proxy.refuse()) },
  {
    name: "Redis half-open for 4 s",
    away: ["redis"],
    strike: network("toRedis", 4000, (proxy) => proxy.freeze({ newOnes: true })),
  },
  {
    name: "Redis' connections half-open for 6 s, new ones good",
    away: ["redis"],
    strike: network("toRedis", 6000, (proxy) => proxy.freeze({ newOnes: false })),
  },
  { name: "Redis slow for 4 s", away: ["redis"], strike: network("toRedis", 4000, (proxy) => proxy.delay(150)) },
  {
    name: "PostgreSQL restarted at once (-m immediate)",
    away: ["postgres"],
    strike: (cluster) => restart(cluster, "SIGQUIT"),
  },
  { name: "PostgreSQL restarted (-m fast)", away: ["postgres"], strike: (cluster) => restart(cluster, "SIGINT") },
  {
    name: "PostgreSQL's sessions terminated",
    away: ["postgres"],
    strike: async ({ sql }) => {
      await sql`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'mlqueue%' AND pid <> pg_backend_pid()`;
      return [];
    },
  },
  {
    name: "PostgreSQL's connections cut",
    away: ["postgres"],
    strike: network("toPostgres", 200, (proxy) => proxy.cut()),
  },
  {
    name: "PostgreSQL's connections lost, and it does not notice for 8 s",
    away: ["postgres"],
    strike: async (cluster) => {
      cluster.toPostgres.lose(8000);
      await pause(8000);
      return [];
    },
  },
  {
    name: "PostgreSQL refuses for 6 s",
    away: ["postgres"],
    strike: network("toPostgres", 6000, (proxy) => proxy.refuse()),
  },
  {
    name: "PostgreSQL away for 70 s, longer than a lease",
    away: ["postgres"],
    isLossy: true,
    isLong: true,
    strike: network("toPostgres", 70_000, (proxy) => proxy.refuse()),
  },
  {
    name: "PostgreSQL half-open for 5 s",
    away: ["postgres"],
    strike: network("toPostgres", 5000, (proxy) => proxy.freeze({ newOnes: true })),
  },
  {
    name: "PostgreSQL's connections half-open for 8 s, new ones good",
    away: ["postgres"],
    strike: network("toPostgres", 8000, (proxy) => proxy.freeze({ newOnes: false })),
  },
  {
    name: "PostgreSQL slow for 5 s",
    away: ["postgres"],
    strike: network("toPostgres", 5000, (proxy) => proxy.delay(40)),
  },
  {
    name: "PostgreSQL slow, and a worker killed",
    away: ["postgres"],
    isLossy: true,
    strike: async (cluster, random) => {
      cluster.toPostgres.delay(60);
      await pause(1500);
      const names = await killOne(cluster, random);
      await pause(1000);
      cluster.toPostgres.heal();
      return names;
    },
  },
  { name: "PostgreSQL has no connection left", away: ["postgres"], strike: exhaust },
  {
    name: "a claim that does not arrive",
    // One connection of a worker's: all others go on.
    away: [],
    strike: async (cluster) => {
      await onceSeen(cluster, (bytes) => (hasClaim(bytes) ? "cut" : "pass"));
      return [];
    },
  },
  {
    name: "a claim's answer lost",
    away: ["postgres"],
    strike: async (cluster) => {
      await onceSeen(cluster, (bytes) => (hasClaim(bytes) ? "then cut" : "pass"));
      return [];
    },
  },
  {
    name: "a claim's answer lost, and PostgreSQL away for 40 s",
    away: ["postgres"],
    isLong: true,
    strike: async (cluster) => {
      await onceSeen(cluster, (bytes) => (hasClaim(bytes) ? "then cut" : "pass"));
      return network("toPostgres", 40_000, (proxy) => proxy.refuse())(cluster);
    },
  },
  {
    name: "a worker killed between offer and claim",
    away: ["postgres"],
    isLossy: true,
    strike: async (cluster) => {
      let victim: Kept | undefined;
      await onceSeen(cluster, (bytes) => {
        victim = hasClaim(bytes) ? cluster.workers.find(({ name }) => bytes.includes(name)) : undefined;
        victim?.signal("SIGKILL");
        return victim ? "cut" : "pass";
      });
      return victim ? [victim.name] : [];
    },
  },
  {
    name: "an end's answer lost",
    away: ["postgres"],
    strike: async (cluster) => {
      await onceSeen(cluster, (bytes) => (hasEnd(bytes) ? "then cut" : "pass"));
      return [];
    },
  },
  {
    name: "an end that does not arrive, and both workers killed",
    away: ["postgres"],
    isLossy: true,
    strike: async (cluster) => {
      const isSeen = await onceSeen(cluster, (bytes) => (hasEnd(bytes) ? "cut" : "pass"));
      return isSeen ? killBoth(cluster) : [];
    },
  },
  { name: "the spool's folder gone for 4 s", away: [], strike: spoolGone },
  setClock("an hour ahead", HOUR),
  setClock("an hour back", -HOUR),
  setClock("a day ahead", 24 * HOUR),
  setClock("a day back", -24 * HOUR),
];

/** Those that this machine can bring about. */
export const FAULTS: readonly Fault[] = faults.filter((fault) => !fault.setsClock || clockLibrary() !== null);

/** @throws Error when there is no such fault */
export const faultNamed = (name: string): Fault => {
  const found = faults.find((fault) => fault.name === name);
  if (!found) throw new Error(`There is no fault "${name}".`);
  return found;
};
