// Programs that do not want to end, half of them cancelled and half timed out: how they are recorded, and what is left of them.
import { chownSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { Cluster, type ClusterOptions, cgroupsOf } from "./cluster";
import { pause } from "./seeded";

/** In turn; what each does is said in programs/never-ends.pl. */
export const NEVER_ENDING = [
  "deaf",
  "daemon",
  "reborn",
  "crowd",
  "hopper",
  "hydra",
  "renamed",
  "stopped",
  "traced",
  "flood",
  "pipe",
  "nested",
  "moved",
  "namespace",
] as const;

export type Ids = { uid: number; gid: number };

export type HostileOptions = Pick<ClusterOptions, "dist" | "dataDir" | "env" | "say"> & {
  programs: number;
  /** the account that workers and programs run as; the gate's own unless given */
  ids?: Ids | undefined;
};

export type HostileVerdict = {
  /** a sentence for each end that is not recorded as it was brought about, each survivor, and each cgroup that is left */
  violations: string[];
  /** as the worker says at its start */
  containment: string;
  counts: Record<string, number>;
  seconds: number;
};

const SLOTS = 8;
const TIMEOUT_SECONDS = 2;
/** After its time is over a program has 10 s to save what it can. */
const PATIENCE_MS = 90_000;
const POLL_MS = 100;
const BATCH = 50;

type Row = { id: string; kind: string; wish: "cancel" | "timeout"; status: string; error_kind: string | null };

/** Processes that have the mark in their arguments; zombies have none. */
const marked = (mark: string): { pid: number; command: string }[] =>
  readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const command = readFileSync(`/proc/${name}/cmdline`, "latin1").replaceAll("\0", " ").trim();
        return command.includes(mark) ? [{ pid: Number(name), command }] : [];
      } catch {
        // It ended meanwhile.
        return [];
      }
    });

const SIGN_MS = 1000;

/** Tasks whose programs still say that they are at work: one that lives for a moment only is seldom seen in /proc. */
const stillSigning = async (atWork: string): Promise<string[]> => {
  const signs = () => new Map(readdirSync(atWork).map((id) => [id, statSync(join(atWork, id)).mtimeMs]));
  const before = signs();
  await pause(SIGN_MS);
  return [...signs()].filter(([id, at]) => at !== before.get(id)).map(([id]) => id);
};

/** The next run is not to meet them. */
const killSurvivors = (mark: string): void => {
  for (const until = Date.now() + 5000; Date.now() < until; ) {
    const left = marked(mark);
    if (left.length === 0) return;
    for (const { pid } of left)
      try {
        process.kill(pid, "SIGKILL");
      } catch {
        // It ended meanwhile.
      }
  }
};

const containmentOf = (cluster: Cluster): string => {
  const log = readFileSync(cluster.logOf("chaos-a"), "utf8");
  return /"(Programs run in sessions[^"]*)"/.exec(log)?.[1] ?? "not told";
};

const send = async (cluster: Cluster, options: HostileOptions, atWork: string, mark: string): Promise<void> => {
  const program = resolve(import.meta.dirname, "programs/never-ends.pl");
  const tasks = Array.from({ length: options.programs }, (_, n) => {
    const kind = NEVER_ENDING[n % NEVER_ENDING.length] ?? "deaf";
    // Both ways for each kind.
    const wish = Math.floor(n / NEVER_ENDING.length) % 2 === 0 ? "cancel" : "timeout";
    return {
      name: `${kind} ${n}`,
      config: {},
      metadata: { kind, wish },
      command: ["perl", program, atWork, kind, mark],
      ...(wish === "timeout" && { timeout_seconds: TIMEOUT_SECONDS }),
    };
  });
  for (let from = 0; from < tasks.length; from += BATCH)
    await ask(cluster, "/v1/tasks/batch", { tasks: tasks.slice(from, from + BATCH) });
};

/** @throws Error unless it is answered with a 2xx */
const ask = async (cluster: Cluster, path: string, body: unknown): Promise<void> => {
  const response = await fetch(`${cluster.url}${path}`, {
    method: "POST",
    headers: { authorization: `Bearer ${cluster.accounts[0]?.key}`, "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${path} was answered ${response.status}: ${text}`);
};

/** Cancels what is at work and is to be cancelled, until all has ended or nothing has for a while. */
const seeThrough = async (cluster: Cluster, atWork: string): Promise<Row[]> => {
  const cancelled = new Set<string>();
  let rows: Row[] = [];
  let before = -1;
  for (let movedAt = performance.now(); performance.now() - movedAt < PATIENCE_MS; await pause(POLL_MS)) {
    rows = await cluster.sql<Row[]>`
      SELECT id, metadata->>'kind' AS kind, metadata->>'wish' AS wish, status, error_kind FROM tasks`;
    const working = new Set(readdirSync(atWork));
    for (const { id, wish, status } of rows) {
      if (wish !== "cancel" || status !== "running" || !working.has(id) || cancelled.has(id)) continue;
      cancelled.add(id);
      await ask(cluster, `/v1/tasks/${id}/cancel`, { reason: "hostile" });
    }
    const left = rows.filter(({ status }) => status === "queued" || status === "running").length;
    if (left === 0) break;
    if (left !== before) movedAt = performance.now();
    before = left;
  }
  return rows;
};

const endedWrong = ({ wish, status, error_kind }: Row): boolean =>
  wish === "cancel" ? status !== "cancelled" : status !== "failed" || error_kind !== "timeout";

/** @throws Error when the cluster cannot be brought up */
export const runHostile = async (options: HostileOptions): Promise<HostileVerdict> => {
  const { dataDir, ids, say } = options;
  const startedAt = performance.now();
  const mark = `never-ends-${process.pid}-${Date.now()}`;
  const atWork = join(dataDir, "programs/at-work");
  mkdirSync(atWork, { recursive: true });
  if (ids) for (const folder of [dataDir, atWork]) chownSync(folder, ids.uid, ids.gid);
  const cluster = await Cluster.open({ ...options, slots: SLOTS, workerIds: ids });
  try {
    const containment = containmentOf(cluster);
    say(containment);
    await send(cluster, options, atWork, mark);
    const rows = await seeThrough(cluster, atWork);
    const violations = [
      ...rows.filter(endedWrong).map(({ id, kind, wish, status, error_kind: errorKind }) => {
        return `${id} (${kind}) was to end by ${wish} and is ${status} (${errorKind})`;
      }),
      ...rows
        .filter(({ id }) => !readdirSync(atWork).includes(id))
        .map(({ id, kind }) => `${id} (${kind}) never was at work`),
      ...(await stillSigning(atWork)).map((id) => `something of ${id} is still at work`),
      ...marked(mark).map(({ pid, command }) => `process ${pid} is left: ${command}`),
      ...cgroupsOf(new Set(rows.map(({ id }) => id))).map((name) => `the cgroup ${name} is left`),
    ];
    for (const name of await cluster.stopWorkers(15_000)) violations.push(`${name} did not end within 15 s of SIGTERM`);
    const counts: Record<string, number> = {};
    for (const { status } of rows) counts[status] = (counts[status] ?? 0) + 1;
    return { violations, containment, counts, seconds: Math.round((performance.now() - startedAt) / 1000) };
  } finally {
    await cluster.close();
    killSurvivors(mark);
  }
};
