// What a run prints.
import type { Violation } from "./checker";
import type { Evidence } from "./evidence";
import type { Verdict } from "./gate";
import { quantiles } from "./recovery";

/** `3 × one, 1 × other`, most first */
export const countBy = <T>(list: Iterable<T>, key: (one: T) => string): string => {
  const counts = new Map<string, number>();
  for (const one of list) counts.set(key(one), (counts.get(key(one)) ?? 0) + 1);
  return [...counts]
    .sort((a, b) => b[1] - a[1])
    .map(([name, count]) => `${count} × ${name}`)
    .join(", ");
};

/** All that is known of a task, in the order it happened. */
export const historyOf = (evidence: Evidence, id: string): string[] => {
  const entries: { at: number; text: string }[] = [];
  const add = (at: number, text: string) => entries.push({ at, text });
  for (const one of evidence.history.answered)
    if (one.ids.includes(id))
      add(
        one.doneAt,
        `${one.op} answered ${one.status} ${one.code ?? one.answered ?? ""} (sent ${one.doneAt - one.at} ms before)`,
      );
  for (const one of evidence.attempts.get(id) ?? []) {
    add(one.started, `attempt ${one.attempt} claimed by ${one.worker_id ?? "a client"}`);
    if (one.ended !== null) add(one.ended, `attempt ${one.attempt} closed: ${one.outcome}`);
  }
  for (const line of evidence.ledger.get(id) ?? []) add(line.at, `program of attempt ${line.attempt}: ${line.kind}`);
  const [first = 0, last = 0] = [Math.min(...entries.map(({ at }) => at)), Math.max(...entries.map(({ at }) => at))];
  for (const one of evidence.history.struck)
    if (one.at <= last && one.until >= first) add(one.at, `fault: ${one.fault}, ${one.until - one.at} ms`);
  for (const event of evidence.events.get(id) ?? []) {
    const { timestamp } = JSON.parse(event.body) as { timestamp: string };
    add(Date.parse(timestamp), `event ${event.change_no}: ${event.event}`);
  }
  return entries
    .sort((a, b) => a.at - b.at)
    .map(({ at, text }) => `${new Date(at).toISOString().slice(11, 23)} ${text}`);
};

const told = (evidence: Evidence, id: string): string[] => [
  `  history of ${id}`,
  ...historyOf(evidence, id).map((line) => `    ${line}`),
];

/** Of each invariant so many violations are printed, and the history of the first one's task. */
const MOST = 4;

const firstOfEach = (violations: Violation[], count: number): Violation[] =>
  violations.filter(
    (one, index) => violations.slice(0, index).filter((other) => other.invariant === one.invariant).length < count,
  );

export const reportOf = ({ seed, violations, evidence, recovery, seconds }: Verdict): string[] => {
  const { history } = evidence;
  const attempts = [...evidence.attempts.values()].flat();
  return [
    `seed ${seed}, ${seconds} s, ${evidence.tasks.size} tasks (${countBy(evidence.tasks.values(), (task) => task.status)})`,
    `${attempts.length} attempts (${countBy(attempts, (one) => one.outcome ?? "open")})`,
    `${history.answered.length} answers (${countBy(history.answered, (one) => `${one.op} ${one.status}`)})`,
    `${history.struck.length} faults (${countBy(history.struck, (one) => one.fault)}), at the least ${Math.min(...history.struck.map((one) => one.running))} programs running`,
    `${evidence.received.size} webhooks`,
    `worker killed → program started again: ${quantiles(recovery.programsMs)}`,
    `Redis back → whole again: ${quantiles(recovery.redisMs)}`,
    `PostgreSQL back → first claim: ${quantiles(recovery.claimMs)}`,
    `${violations.length} violations${violations.length > 0 ? ` (${countBy(violations, (one) => one.invariant)})` : ""}`,
    ...firstOfEach(violations, MOST).map((one) => `  ${one.invariant} ${one.taskId ?? ""} ${one.what}`),
    ...firstOfEach(violations, 1).flatMap(({ taskId }) =>
      taskId !== null && evidence.tasks.has(taskId) ? told(evidence, taskId) : [],
    ),
    ...(recovery.slowest !== null ? ["the slowest to start again:", ...told(evidence, recovery.slowest)] : []),
  ];
};
