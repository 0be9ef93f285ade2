// The product under fire: web server and workers from the build, kept running as `npm start` keeps them, with PostgreSQL and
// Redis of their own behind proxies. The gate itself looks at both past the proxies.
import { mkdirSync, readdirSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Redis } from "ioredis";
import postgres from "postgres";
import { migrate, programArgs, programEnv, startWeb, startWorker } from "../../scripts/lib/app.mjs";
import { pagesFolder } from "../../scripts/lib/build.mjs";
import { run } from "../../scripts/lib/command.mjs";
import { makeKeeper } from "../../scripts/lib/keeper.mjs";
import { freePort } from "../../scripts/lib/ports.mjs";
import { startPostgres, stopPostgres } from "../../scripts/lib/postgres.mjs";
import { end } from "../../scripts/lib/processes.mjs";
import { ROOT } from "../../scripts/lib/project.mjs";
import { startRedis, stopRedis } from "../../scripts/lib/redis.mjs";
import { cgroupParent } from "../../worker/cgroup";
import type { Version } from "./beside";
import { Clock } from "./clock";
import { Network } from "./network";
import { pause } from "./seeded";

export const PREFIX = "mlq:";
export const SECRETS = {
  jwt: "planted-secret-of-the-tokens",
  webhooks: "planted-secret-of-the-webhooks",
  nextauth: "planted-secret-of-the-sessions",
  database: "f1a97ed5ec4e70fda7aba5e0",
  redis: "f1a97ed5ec4e70f4ed15aaaa",
};
const HOST = "127.0.0.1";

export type Account = { userId: string; email: string; key: string };

/** A program of ours that is started again when it dies. */
export class Kept {
  pid = 0;
  starts = 0;
  /** when it was last ready after a start */
  readyAt = 0;
  readonly #keeper: ReturnType<typeof makeKeeper>;
  #current: { pid: number; startTime: string } | undefined;

  constructor(
    readonly name: string,
    readonly log: string,
    start: (launched: (one: { pid: number; startTime: string }) => void, starts: number) => Promise<object>,
    say: (sentence: string) => void,
  ) {
    this.#keeper = makeKeeper({
      name,
      say,
      start: async () => {
        const started = await start((one) => {
          this.pid = one.pid;
          this.starts++;
          this.#current = one;
        }, this.starts);
        this.readyAt = Date.now();
        return started;
      },
    });
  }

  async begin(): Promise<void> {
    await this.#keeper.begin();
    this.#keeper.keep();
  }

  /** A signal to the process alone. One that is being started again just now has nothing to be killed. */
  signal(signal: NodeJS.Signals): void {
    try {
      process.kill(this.pid, signal);
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
    }
  }

  /** @returns whether it ended by itself after SIGTERM */
  async stop(ms: number): Promise<boolean> {
    this.#keeper.release();
    const { pid } = this;
    await end(this.#current, [["SIGTERM", ms]]);
    const isClean = readStat(pid) === null;
    await end(this.#current, [["SIGKILL", 2000]]);
    return isClean;
  }
}

const readStat = (pid: number): string | null => {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return stat.slice(stat.lastIndexOf(")") + 2).startsWith("Z") ? null : stat;
  } catch {
    // Gone.
    return null;
  }
};

/** Pids of a process's children. */
const childrenOf = (pid: number): number[] => {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, "latin1").trim().split(" ").filter(Boolean).map(Number);
  } catch {
    // Gone.
    return [];
  }
};

export type ClusterOptions = {
  dist: string;
  /** the build that has the pages; `dist` unless given */
  pagesOf?: string;
  /** emptied, and deleted at the end */
  dataDir: string;
  env: Record<string, string | undefined>;
  slots: number;
  /** another version: the web server and the second worker are of it and of ours in turn, from start to start */
  beside?: Version | undefined;
  /** the account that workers run as; ours unless given */
  workerIds?: { uid: number; gid: number } | undefined;
  /** whether faults set the time of day of our programs: they are then started under libfaketime */
  setsClock?: boolean;
  say: (sentence: string) => void;
};

export class Cluster {
  readonly url: string;
  /** past the proxies */
  readonly sql: postgres.Sql;
  redis: Redis;
  readonly workers: Kept[] = [];
  web!: Kept;
  readonly accounts: Account[] = [];
  /** of programs: locks, tries, ledger */
  readonly programs: string;
  /** of our programs */
  readonly clock: Clock;

  private constructor(
    readonly options: ClusterOptions,
    private postgresServer: Awaited<ReturnType<typeof startPostgres>>,
    private redisServer: Awaited<ReturnType<typeof startRedis>>,
    readonly toPostgres: Network,
    readonly toRedis: Network,
    private readonly port: number,
  ) {
    this.url = `http://${HOST}:${port}`;
    this.programs = join(options.dataDir, "programs");
    this.clock = new Clock(join(options.dataDir, "clock"));
    this.sql = postgres(this.postgresUrl, { max: 3, onnotice: () => {}, backoff: () => 0.1 });
    this.redis = directRedis(this.redisServer.url);
  }

  static async open(options: ClusterOptions): Promise<Cluster> {
    const { dataDir } = options;
    for (const folder of ["logs", "programs/locks", "programs/tries"])
      mkdirSync(join(dataDir, folder), { recursive: true });
    const postgresServer = await startPostgres({ dataDir, password: SECRETS.database, durable: true });
    const redisServer = await startRedis({ dataDir, password: SECRETS.redis });
    let cluster: Cluster | undefined;
    const toPostgres = await Network.open(() => cluster?.postgresServer.port ?? postgresServer.port);
    const toRedis = await Network.open(() => cluster?.redisServer.port ?? redisServer.port);
    cluster = new Cluster(options, postgresServer, redisServer, toPostgres, toRedis, await freePort());
    try {
      await cluster.#begin();
    } catch (error) {
      await cluster.close();
      throw error;
    }
    return cluster;
  }

  get postgresUrl(): string {
    return this.postgresServer.url;
  }

  get redisPid(): number {
    return this.redisServer.pid;
  }

  logOf(name: string): string {
    return join(this.options.dataDir, "logs", `${name}.log`);
  }

  /** What a program is of that was started so often before. */
  #versionAt(starts: number): Version {
    const { dist, beside } = this.options;
    return beside && starts % 2 === 0 ? beside : { root: ROOT, dist };
  }

  /** What every program of ours is started with. */
  #env(more: Record<string, string> = {}): NodeJS.ProcessEnv {
    const { env, dataDir, dist, pagesOf = dist } = this.options;
    const through = (url: string, proxy: Network) => {
      const address = new URL(url);
      address.port = String(proxy.port);
      return address.href;
    };
    const own = programEnv({
      env: {
        ...env,
        ENV: "test",
        LOG_LEVEL: "info",
        SERVER_HOST: HOST,
        SERVER_PORT: String(this.port),
        NEXTAUTH_URL: this.url,
        JWT_SECRET: SECRETS.jwt,
        NEXTAUTH_SECRET: SECRETS.nextauth,
        WEBHOOK_SECRET_KEY: SECRETS.webhooks,
        WEBHOOK_ALLOW_CIDRS: HOST,
        WEBHOOK_TIMEOUT_SECONDS: "2",
        WEBHOOK_RETRY_COUNT: "20",
        REDIS_PREFIX: PREFIX,
        ALLOW_COMMANDS: "true",
        QUEUE_MAX_SIZE: "1000000",
        QUEUE_WORKER_COUNT: String(this.options.slots),
        SHUTDOWN_GRACE_SECONDS: "1",
        CANCEL_GRACE_SECONDS: "1",
        RATE_LIMIT_STANDARD: "0",
        RATE_LIMIT_PREMIUM: "0",
        RATE_LIMIT_BATCH: "0",
        RATE_LIMIT_TRAFFIC: "0",
        RATE_LIMIT_SIGN_IN: "0",
        ...(this.options.setsClock && this.clock.env()),
        ...more,
      },
      dataDir,
      dist,
      databaseUrl: through(this.postgresServer.url, this.toPostgres),
      redisUrl: through(this.redisServer.url, this.toRedis),
    });
    return { ...own, NEXT_DIST_DIR: pagesFolder(pagesOf) } as NodeJS.ProcessEnv;
  }

  #envOf({ root, dist }: Version, more: Record<string, string> = {}): NodeJS.ProcessEnv {
    return { ...this.#env(more), MLQUEUE_ROOT: root, MLQUEUE_DIST: dist };
  }

  async #begin(): Promise<void> {
    const { dist, say } = this.options;
    await migrate({ dist, env: this.#env(), log: this.logOf("migrate") });
    for (const name of ["first", "second"]) {
      const email = `${name}@example.com`;
      const { stdout } = await run(process.execPath, [...programArgs("account", dist), "add", email], {
        env: this.#env(),
        capture: true,
        failure: "An account could not be made.",
      });
      const [row] = await this.sql<{ id: string }[]>`SELECT id FROM users WHERE email = ${email}`;
      this.accounts.push({ email, key: stdout.trim().split("\n")[0] ?? "", userId: row?.id ?? "" });
    }
    const log = this.logOf("web");
    this.web = new Kept(
      "web",
      log,
      (launched, starts) => {
        const version = this.#versionAt(starts);
        const env = this.#envOf(version);
        return startWeb({ dist: version.dist, env, log, host: HOST, port: this.port }, launched);
      },
      say,
    );
    await Promise.all([this.web.begin(), this.addWorker("chaos-a"), this.addWorker("chaos-b")]);
  }

  async addWorker(name: string, more: Record<string, string> = {}): Promise<void> {
    const { say, workerIds: ids } = this.options;
    const log = this.logOf(name);
    const kept = new Kept(
      name,
      log,
      (launched, starts) => {
        // The first one is always of ours.
        const version = this.#versionAt(name === "chaos-b" ? starts : 1);
        const env = this.#envOf(version, { WORKER_NAME: name, ...more });
        return startWorker({ dist: version.dist, env, log, ids }, launched);
      },
      say,
    );
    this.workers.push(kept);
    await kept.begin();
  }

  /** SIGTERM to all workers. @returns those that did not end by themselves */
  async stopWorkers(ms: number): Promise<string[]> {
    const workers = this.workers.splice(0);
    const clean = await Promise.all(workers.map((worker) => worker.stop(ms)));
    return workers.filter((_, index) => !clean[index]).map((worker) => worker.name);
  }

  /** The small process that forks a worker's programs; null while there is none. */
  launcherOf(worker: Kept): number | null {
    return (
      childrenOf(worker.pid).find((pid) => readFileOrEmpty(`/proc/${pid}/cmdline`).includes("launcher.pl")) ?? null
    );
  }

  /** As after `pg_ctl stop -m immediate`: nothing is written, and the start recovers. @returns when it answers again */
  async restartPostgres(signal: "SIGQUIT" | "SIGINT"): Promise<void> {
    const { dataDir } = this.options;
    const { port } = this.postgresServer;
    await end(this.postgresServer, [
      [signal, 5000],
      ["SIGKILL", 1000],
    ]);
    this.postgresServer = await startPostgres({ dataDir, password: SECRETS.database, port, durable: true });
  }

  /** @param data what is there after the restart: what `save` wrote before, or nothing */
  async restartRedis(data: "old" | "none"): Promise<void> {
    const { dataDir } = this.options;
    const { port } = this.redisServer;
    await end(this.redisServer, [["SIGKILL", 1000]]);
    if (data === "none") rmSync(join(dataDir, "redis", "dump.rdb"), { force: true });
    this.redisServer = await startRedis({ dataDir, password: SECRETS.redis, port });
    rmSync(join(dataDir, "redis", "dump.rdb"), { force: true });
  }

  /** Resolves when the sets are whole and of this very server. @returns ms; null after the time is over */
  async redisWhole(ms: number): Promise<number | null> {
    const from = performance.now();
    while (performance.now() - from < ms) {
      try {
        const [epoch, built, info] = await Promise.all([
          this.redis.exists(`${PREFIX}epoch`),
          this.redis.get(`${PREFIX}run`),
          this.redis.info("server"),
        ]);
        if (epoch === 1 && built !== null && info.includes(`run_id:${built}`)) return performance.now() - from;
      } catch {
        // It is being restarted.
      }
      await pause(20);
    }
    return null;
  }

  async close(): Promise<void> {
    await Promise.all([...this.workers.splice(0), ...(this.web ? [this.web] : [])].map((one) => one.stop(0)));
    this.redis.disconnect();
    await this.sql.end({ timeout: 1 });
    await Promise.all([this.toPostgres.close(), this.toRedis.close()]);
    await stopRedis(this.redisServer);
    await stopPostgres(this.postgresServer);
  }
}

const readFileOrEmpty = (path: string): string => {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
};

const directRedis = (url: string): Redis => {
  const redis = new Redis(url, { maxRetriesPerRequest: null, retryStrategy: () => 50 });
  // Each restart of it is one.
  redis.on("error", () => {});
  return redis;
};

/** Attempts' cgroups that are there, of all workers of this machine that share ours. */
export const cgroupsOf = (taskIds: Set<string>): string[] => {
  const folder = cgroupParent();
  if (folder === null) return [];
  try {
    return readdirSync(folder).filter((name) => taskIds.has(name.split(".")[0] ?? ""));
  } catch {
    // No worker has any: the folder is gone as well.
    return [];
  }
};

/** Processes that hold a file of the folder open, by pid: whatever runs of a program holds its task's lock. */
export const holdersOf = (folder: string): { pid: number; file: string; command: string }[] => {
  const found: { pid: number; file: string; command: string }[] = [];
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    let file: string;
    try {
      file = readlinkSync(`/proc/${pid}/fd/9`);
    } catch {
      // It has none, or ended meanwhile.
      continue;
    }
    if (!file.startsWith(`${folder}/`)) continue;
    const command = readFileOrEmpty(`/proc/${pid}/cmdline`).replaceAll("\0", " ");
    found.push({ pid: Number(pid), file: file.slice(folder.length + 1), command });
  }
  return found;
};
