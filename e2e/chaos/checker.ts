// Reads the invariants of the engine off what is left when all is quiet.
//
// Here: I1 acknowledged tasks are there, batches whole (acknowledged) · I2 nothing waits but what must (waiting) · I3 no overlap (overlaps)
// · I4 attempts without gaps (attempts) · I5 completed ⇔ one success, its nonce in the result; others end as their program does
// (ends) · I6 no start after a cancel, an end or a pause (starts) · I7 nothing left behind (leftovers) · I8 the sets equal the ready
// rows (sets), and the sampler meanwhile · I10 changes = events = ids received, all signed (events) · I11 logs whole (logs) ·
// I12 allowed changes only, times in order (changes) · I16 no planted secret (secrets) · I18 no uncaught error, nothing that only a
// constraint refused, no 5xx but 503 in an outage (answers) · I19 counters = rows (counters).
// In the gate itself, since they need the cluster running: I9 order of starts with one slot, I13 statistics, I15 another account's
// tasks (aftermath.ts), I17 descriptors and sessions.
// Not here: I14, V2's claims, since the gate sends tasks only (src/runs and driver-faults.test.ts have it); of I17 the memory, which a
// run of minutes does not show (bench/memory).
import type { AttemptFact, Evidence, TaskFact } from "./evidence";
import { setDifferences } from "./evidence";
import type { Answered } from "./history";
import { expectedOf, type Kind, linesOf } from "./tasks";

export type Violation = { invariant: string; taskId: string | null; what: string };
type Check = (evidence: Evidence) => Violation[];

const violation = (invariant: string, taskId: string | null, what: string): Violation => ({ invariant, taskId, what });

const isParked = (task: TaskFact): boolean => task.metadata.kind === "parked";
const attemptsOf = (evidence: Evidence, id: string): AttemptFact[] => evidence.attempts.get(id) ?? [];
const answersFor = (evidence: Evidence, id: string, op: Answered["op"]): Answered[] =>
  evidence.history.answered.filter((one) => one.op === op && one.ids.includes(id));

/** Tasks of one request: the account's, with its key in their metadata. */
const byKey = (evidence: Evidence): Map<string, TaskFact[]> => {
  const found = new Map<string, TaskFact[]>();
  for (const task of evidence.tasks.values())
    found.set(task.metadata.key, [...(found.get(task.metadata.key) ?? []), task]);
  return found;
};

const acknowledged: Check = (evidence) => {
  const found: Violation[] = [];
  const made = byKey(evidence);
  for (const one of evidence.history.answered.filter(({ op }) => op === "submit" || op === "batch")) {
    if (one.status !== 201) continue;
    for (const id of one.ids)
      if (!evidence.tasks.has(id))
        found.push(violation("I1", id, `was acknowledged under ${one.key} and is not there`));
    const count = made.get(one.key ?? "")?.length ?? 0;
    if (count !== one.count)
      found.push(violation("I1", one.ids[0] ?? null, `${one.key} was to make ${one.count} tasks and made ${count}`));
  }
  for (const one of evidence.history.unanswered.filter(({ key }) => key !== undefined)) {
    const count = made.get(one.key ?? "")?.length ?? 0;
    if (count !== 0 && count !== one.count)
      found.push(violation("I1", null, `of ${one.key}, never answered, ${count} of ${one.count} tasks are there`));
  }
  return found;
};

const waiting: Check = (evidence) => {
  const found: Violation[] = [];
  for (const task of evidence.tasks.values()) {
    if (isParked(task) !== (task.completed === null))
      found.push(
        violation("I2", task.id, isParked(task) ? `was to wait and is ${task.status}` : `is still ${task.status}`),
      );
    const row = evidence.waiting.get(task.id);
    const wanted = task.status === "queued" ? "ready" : task.status === "pending" ? "pending" : undefined;
    if (row !== wanted)
      found.push(violation("I2", task.id, `is ${task.status} and has ${row ?? "no"} row of its order`));
  }
  return found;
};

const overlaps: Check = (evidence) => {
  const found: Violation[] = [];
  for (const [id, lines] of evidence.ledger) {
    for (const line of lines)
      if (line.kind === "overlap")
        found.push(violation("I3", id, `attempt ${line.attempt} began while a program of it was running`));
    const starts = lines.filter((line) => line.kind === "start").map((line) => line.attempt);
    for (const attempt of new Set(starts))
      if (starts.filter((one) => one === attempt).length > 1)
        found.push(violation("I3", id, `attempt ${attempt} was started more than once`));
  }
  return found;
};

const attempts: Check = (evidence) => {
  const found: Violation[] = [];
  for (const task of evidence.tasks.values()) {
    const own = attemptsOf(evidence, task.id);
    const numbers = own.map((one) => one.attempt).join(",");
    const wanted = Array.from({ length: task.attempt }, (_, index) => index + 1).join(",");
    if (numbers !== wanted)
      found.push(violation("I4", task.id, `is at attempt ${task.attempt} and has attempts ${numbers || "none"}`));
    const open = own.filter((one) => one.ended === null);
    if (open.length !== (task.status === "running" ? 1 : 0))
      found.push(violation("I4", task.id, `is ${task.status} with ${open.length} open attempts`));
    for (const line of evidence.ledger.get(task.id) ?? [])
      if (line.kind === "start" && !own.some((one) => one.attempt === line.attempt))
        found.push(violation("I4", task.id, `a program of attempt ${line.attempt} started, which is unknown`));
  }
  return found;
};

/** The fourth loss within a day gives a task up. */
const MAX_LOSSES = 3;

const mayEndAs = (evidence: Evidence, task: TaskFact): boolean => {
  const { ends, errorKind } = expectedOf(task.metadata.kind as Kind);
  if (task.status === "cancelled")
    return evidence.history.answered.some((one) => one.op === "cancel" && one.ids.includes(task.id));
  if (task.status === ends)
    return errorKind === undefined || task.error_kind === errorKind || task.error_kind === "lost";
  const losses = attemptsOf(evidence, task.id).filter((one) => one.outcome === "lost").length;
  return task.status === "failed" && task.error_kind === "lost" && losses > MAX_LOSSES;
};

const ends: Check = (evidence) => {
  const found: Violation[] = [];
  for (const task of evidence.tasks.values()) {
    if (isParked(task) || task.completed === null) continue;
    const own = attemptsOf(evidence, task.id);
    const succeeded = own.filter((one) => one.outcome === "succeeded");
    const isLast = succeeded.length === 1 && succeeded[0] === own.at(-1);
    if (task.status === "completed" ? !isLast : succeeded.length > 0)
      found.push(violation("I5", task.id, `is ${task.status} and its attempts ended ${own.map((one) => one.outcome)}`));
    if (task.status === "completed") {
      const line = evidence.ledger.get(task.id)?.find((one) => one.kind === "end" && one.nonce === task.result?.nonce);
      if (line?.attempt !== task.attempt)
        found.push(violation("I5", task.id, `its result is that of attempt ${line?.attempt}, not of ${task.attempt}`));
    }
    if (!mayEndAs(evidence, task))
      found.push(
        violation(
          "I5",
          task.id,
          `a ${task.metadata.kind} program ended ${task.status} (${task.error_kind}: ${task.error_message})`,
        ),
      );
    const failed = own.filter((one) => one.outcome === "failed").length;
    if (answersFor(evidence, task.id, "retry").length === 0 && (failed !== task.failures || failed > task.max_attempts))
      found.push(
        violation(
          "I5",
          task.id,
          `${failed} attempts failed, ${task.failures} are counted, ${task.max_attempts} allowed`,
        ),
      );
  }
  return found;
};

/** Pauses of a queue with nothing unsure about them: from a second after the answer to the first try of the resume. */
const pausesOf = ({ history }: Evidence): { queue: string; from: number; to: number }[] =>
  history.answered
    .filter((one) => one.op === "pause" && one.status === 200)
    .flatMap((one) => {
      const [queue = ""] = one.ids;
      const resumes = history.answered.filter((other) => other.op === "resume" && other.ids[0] === queue);
      // A resume that was sent more than once may still arrive.
      if (resumes.some((other) => other.isUnsure && other.at < one.doneAt && one.at - other.doneAt < 30_000)) return [];
      const to = Math.min(
        ...resumes.filter((other) => other.at >= one.at).map((other) => other.at),
        Number.POSITIVE_INFINITY,
      );
      return [{ queue, from: one.doneAt + 1000, to }];
    });

const starts: Check = (evidence) => {
  const found: Violation[] = [];
  for (const task of evidence.tasks.values()) {
    const own = attemptsOf(evidence, task.id);
    const lines = (evidence.ledger.get(task.id) ?? []).filter((line) => line.kind === "start");
    const retries = answersFor(evidence, task.id, "retry");
    for (const cancel of answersFor(evidence, task.id, "cancel")) {
      if (cancel.status !== 200 || retries.some((one) => one.isUnsure && one.at < cancel.at)) continue;
      const to = Math.min(
        ...retries.filter((one) => one.at >= cancel.at).map((one) => one.at),
        Number.POSITIVE_INFINITY,
      );
      const isIn = (at: number) => at > cancel.doneAt && at < to;
      for (const one of own)
        if (isIn(one.started))
          found.push(violation("I6", task.id, `attempt ${one.attempt} was claimed after a cancel's 200`));
      if (cancel.answered === "cancelled")
        for (const line of lines)
          if (isIn(line.at))
            found.push(violation("I6", task.id, `attempt ${line.attempt} started after it was cancelled`));
      if (to === Number.POSITIVE_INFINITY && task.completed !== null && task.status !== "cancelled")
        found.push(violation("I6", task.id, `was cancelled with a 200, and is ${task.status}`));
    }
    for (const line of lines)
      if (task.completed !== null && line.at > task.completed + 1)
        found.push(
          violation(
            "I6",
            task.id,
            `attempt ${line.attempt} started ${Math.round(line.at - task.completed)} ms after its end`,
          ),
        );
  }
  for (const { queue, from, to } of pausesOf(evidence))
    for (const task of evidence.tasks.values())
      if (task.queue === queue)
        for (const one of attemptsOf(evidence, task.id))
          if (one.worker_id !== null && one.started > from && one.started < to)
            found.push(
              violation(
                "I6",
                task.id,
                `was started ${Math.round(one.started - from + 1000)} ms after ${queue} was paused`,
              ),
            );
  return found;
};

const leftovers: Check = ({ holders, cgroups, spool }) => [
  ...holders.map(({ pid, file, command }) => violation("I7", file, `process ${pid} is left of it: ${command}`)),
  ...cgroups.map((name) => violation("I7", name.split(".")[0] ?? null, `the cgroup ${name} is left`)),
  ...spool.map((name) => violation("I7", null, `${name} is left in the spool`)),
];

const sets: Check = (evidence) => [
  ...(evidence.epochIsWhole ? [] : [violation("I8", null, "Redis does not say that its sets are whole")]),
  ...setDifferences(evidence.sets, evidence.ready).map(({ id, what }) => violation("I8", id, what)),
  ...evidence.history.missed.map((one) =>
    violation("I8", one.taskId, `waited for ${one.ms} ms and no worker could be offered it`),
  ),
];

const statusOf = (event: string): string => event.replace("task.", "").replace("started", "running");

/** The account that has an endpoint. */
const toldTasks = (evidence: Evidence): TaskFact[] => {
  const told = [...evidence.events.keys()].map((id) => evidence.tasks.get(id)?.user_id);
  return [...evidence.tasks.values()].filter((task) => told.includes(task.user_id));
};

const events: Check = (evidence) => {
  const found: Violation[] = [];
  for (const task of toldTasks(evidence)) {
    const own = evidence.events.get(task.id) ?? [];
    const isPending = task.status === "pending";
    const numbers = own.map((event) => event.change_no).join(",");
    const wanted = Array.from({ length: isPending ? 0 : task.change_no + 1 }, (_, index) => index).join(",");
    if (numbers !== wanted)
      found.push(violation("I10", task.id, `changed ${task.change_no} times and has events of ${numbers || "none"}`));
    const last = own.at(-1);
    if (last && statusOf(last.event) !== task.status)
      found.push(violation("I10", task.id, `is ${task.status} and its last event is ${last.event}`));
    for (const event of own) {
      const isGood = evidence.received.get(event.id);
      if (isGood !== true)
        found.push(
          violation(
            "I10",
            task.id,
            `${event.id} ${isGood === undefined ? "never came" : "came with a wrong signature or body"}`,
          ),
        );
    }
  }
  for (const id of evidence.received.keys())
    if (![...evidence.events.values()].some((own) => own.some((event) => event.id === id)))
      found.push(violation("I10", null, `${id} came and is no event`));
  return found;
};

const logs: Check = (evidence) => {
  const found: Violation[] = [];
  for (const task of evidence.tasks.values()) {
    const chunks = evidence.logs.get(task.id) ?? [];
    let next = 1;
    for (const chunk of chunks) {
      if (chunk.first_line !== next || chunk.lines.length !== chunk.last_line - chunk.first_line + 1)
        found.push(
          violation(
            "I11",
            task.id,
            `lines ${chunk.first_line} to ${chunk.last_line} stand where ${next} was to follow`,
          ),
        );
      next = chunk.last_line + 1;
    }
    if (task.status !== "completed") continue;
    const texts = chunks
      .filter((one) => one.attempt === task.attempt)
      .flatMap((one) => one.lines.map(([, , text]) => text));
    const wanted = linesOf(task.metadata.kind as Kind);
    if (wanted !== null && texts.length !== wanted)
      found.push(violation("I11", task.id, `printed ${wanted} lines, and ${texts.length} are kept`));
    if (texts[0] !== `attempt ${task.attempt} started` || texts.at(-1) !== `attempt ${task.attempt} is done`)
      found.push(violation("I11", task.id, `its log goes from "${texts[0]}" to "${texts.at(-1)}"`));
    if (task.metadata.kind === "flood" && texts.slice(1, -1).some((text, index) => text !== `line ${index + 1}`))
      found.push(violation("I11", task.id, "its lines are not in order"));
  }
  return found;
};

const ALLOWED: Record<string, string[]> = {
  queued: ["running", "cancelled", "completed"],
  running: ["queued", "completed", "failed", "cancelled"],
  failed: ["queued"],
  cancelled: ["queued"],
  completed: [],
};

const changes: Check = (evidence) => {
  const found: Violation[] = [];
  for (const [id, own] of evidence.events)
    for (const [index, event] of own.entries()) {
      const before = own[index - 1];
      if (before && !ALLOWED[statusOf(before.event)]?.includes(statusOf(event.event)))
        found.push(violation("I12", id, `went from ${statusOf(before.event)} to ${statusOf(event.event)}`));
    }
  for (const task of evidence.tasks.values()) {
    const own = attemptsOf(evidence, task.id);
    const times = [task.created, ...own.flatMap((one) => [one.started, one.ended ?? one.started])];
    if (task.completed !== null) times.push(task.completed);
    // Each time is that of its transaction's begin, which may be some milliseconds before what it waited for was committed.
    if (times.some((at, index) => at < (times[index - 1] ?? at) - 100))
      found.push(
        violation("I12", task.id, `its times are not in order: ${times.map((at) => Math.round(at - task.created))}`),
      );
  }
  return found;
};

const counters: Check = ({ tasks, counters: counted }) => {
  const rows = new Map<string, number>();
  for (const { user_id, queue, status } of tasks.values()) {
    const key = `${user_id} ${queue} ${status}`;
    rows.set(key, (rows.get(key) ?? 0) + 1);
  }
  const counts = new Map(counted.map(({ user_id, queue, status, n }) => [`${user_id} ${queue} ${status}`, n]));
  return [...new Set([...rows.keys(), ...counts.keys()])]
    .filter((key) => rows.get(key) !== counts.get(key))
    .map((key) => violation("I19", null, `${key}: ${rows.get(key) ?? 0} tasks, ${counts.get(key) ?? 0} counted`));
};

/** A worker that comes up in an outage ends with a sentence, and is started again. */
const EXPECTED_FATAL = /could not start/;
/** The tables' last line held, which no statement should come to. */
const REFUSED = /violates [\w-]+ constraint/;

const answers: Check = ({ history, programLogs }) => [
  ...history.bad.map((one) => violation("I18", null, `${one.what} was answered ${one.status}: ${one.text}`)),
  ...history.unanswered.map((one) => violation("I18", null, `a ${one.op} (${one.key ?? ""}) was not answered in time`)),
  ...[...programLogs].flatMap(([name, text]) =>
    text
      .split("\n")
      .filter((line) => {
        if (REFUSED.test(line)) return true;
        if (line.startsWith("{")) return /"level":(60|"fatal")/.test(line) && !EXPECTED_FATAL.test(line);
        return /uncaught|unhandled|^\s+at .*:\d+:\d+/i.test(line);
      })
      .slice(0, 3)
      .map((line) => violation("I18", null, `${name}: ${line.slice(0, 400)}`)),
  ),
];

const CHECKS: Check[] = [
  acknowledged,
  waiting,
  overlaps,
  attempts,
  ends,
  starts,
  leftovers,
  sets,
  events,
  logs,
  changes,
  counters,
  answers,
];

/** @param planted secrets that stand nowhere but in the environments of our own programs */
export const check = (evidence: Evidence, planted: string[]): Violation[] => [
  ...CHECKS.flatMap((one) => one(evidence)),
  ...secrets(evidence, planted),
];

const secrets = (evidence: Evidence, planted: string[]): Violation[] => {
  const places: [string, string][] = [
    ...evidence.programLogs,
    ["Redis", evidence.redisTexts.join("\n")],
    ["a program's output or environment", JSON.stringify([...evidence.logs.values()])],
  ];
  return places.flatMap(([where, text]) =>
    planted
      .filter((one) => text.includes(one))
      .map((one) => violation("I16", null, `${one.slice(0, 8)}… stands in ${where}`)),
  );
};
