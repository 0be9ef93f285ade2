// How long it took until all went on, read off the evidence.
import type { Evidence } from "./evidence";

/** Milliseconds, ascending. */
export type Recovery = {
  /** a worker's kill → the program of each task it ran starts again */
  programsMs: number[];
  /** of these the slowest */
  slowest: string | null;
  /** Redis lost its data or could not be reached → its sets are whole again, from the end of the fault */
  redisMs: number[];
  /** PostgreSQL answers again → the first claim */
  claimMs: number[];
};

const ascending = (list: number[]): number[] => [...list].sort((a, b) => a - b);

export const recoveryOf = (evidence: Evidence): Recovery => {
  const { history } = evidence;
  const again: { taskId: string; ms: number }[] = [];
  for (const { at, victims } of history.struck)
    for (const [taskId, own] of evidence.attempts)
      for (const one of own) {
        const wasHit =
          victims.includes(one.worker_id ?? "") &&
          one.started < at &&
          one.ended !== null &&
          one.ended >= at &&
          one.outcome === "lost";
        if (!wasHit) continue;
        const start = evidence.ledger.get(taskId)?.find((line) => line.kind === "start" && line.attempt > one.attempt);
        if (start) again.push({ taskId, ms: start.at - at });
      }
  const claims = ascending([...evidence.attempts.values()].flat().map((one) => one.started));
  const claimMs = history.postgresBackAt.flatMap((back) => {
    const first = claims.find((at) => at > back);
    return first === undefined ? [] : [first - back];
  });
  again.sort((a, b) => a.ms - b.ms);
  return {
    programsMs: again.map(({ ms }) => ms),
    slowest: again.at(-1)?.taskId ?? null,
    redisMs: ascending(history.redisWholeMs),
    claimMs: ascending(claimMs),
  };
};

/** `p50 12 ms, p99 80 ms, max 91 ms of 7` */
export const quantiles = (list: number[]): string => {
  if (list.length === 0) return "none";
  const at = (q: number) => Math.round(list[Math.min(list.length - 1, Math.floor(q * list.length))] ?? 0);
  return `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${at(1)} ms of ${list.length}`;
};
