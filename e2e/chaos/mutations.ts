// Faults that are put into the product on purpose: the gate must tell each, or it proves nothing.
import type { Replacement } from "../../scripts/lib/replacing-text.mjs";
import type { Kind } from "./tasks";

export type Mutation = {
  name: string;
  /** what of the engine is taken away */
  takes: string;
  replacements: Replacement[];
  /** why nothing is to be seen of it from outside, and the test file that is red with it instead */
  hides?: { because: string; test: string };
  /** faults that should bring it out, in turn */
  faults: string[];
  /** of programs that it shows on; all unless given */
  kinds?: Kind[];
  /** of tasks that wait; the gate's unless given */
  backlog?: number;
  /** of faults; 12 unless given */
  rounds?: number;
};

const KILL = "kill -9 of a worker";

export const MUTATIONS: readonly Mutation[] = [
  {
    name: "end-without-fence",
    takes: "the attempt's number from the UPDATE of an end",
    replacements: [
      {
        file: "src/tasks/finish.ts",
        text: "FROM tasks WHERE tasks.id = g.id AND tasks.attempt = g.attempt AND tasks.status = 'running' FOR UPDATE) t",
        by: "FROM tasks WHERE tasks.id = g.id AND tasks.status = 'running' FOR UPDATE) t",
      },
    ],
    faults: [KILL],
    kinds: ["fails-once", "fails"],
    rounds: 20,
  },
  {
    name: "claim-without-fence",
    takes: "ready row and status check from the claim: what was proposed is started",
    replacements: [
      {
        file: "src/tasks/claim.ts",
        text: `    DELETE FROM ready_tasks r USING me WHERE r.task_id IN (SELECT task_id FROM picked)
      AND NOT EXISTS (SELECT 1 FROM queues q WHERE q.name = r.queue AND q.paused)
    RETURNING r.task_id
  ), t AS (`,
        by: `    SELECT g.id AS task_id FROM unnest(\${taskIds}::text[]) AS g(id), me
  ), gone AS (
    DELETE FROM ready_tasks r USING me WHERE r.task_id IN (SELECT task_id FROM picked) RETURNING r.task_id
  ), t AS (`,
      },
      {
        file: "src/tasks/claim.ts",
        text: "FROM taken WHERE tasks.id = taken.task_id AND CASE WHEN tasks.status = 'queued' THEN true END",
        by: "FROM taken WHERE tasks.id = taken.task_id",
      },
    ],
    faults: ["Redis killed, back with older data", "a claim's answer lost", "Redis' connections cut"],
  },
  {
    name: "heartbeat-renews-all",
    takes:
      "the names from the heartbeat: all of this worker's attempts are renewed, and none is found that was never started",
    replacements: [
      {
        file: "src/tasks/heartbeat.ts",
        text: "FROM named n, me\n      WHERE a.task_id = n.task_id AND a.attempt = n.attempt AND a.ended_at IS NULL",
        by: "FROM me\n      WHERE a.ended_at IS NULL",
      },
      {
        file: "src/tasks/heartbeat.ts",
        text: "AND a.ended_at IS NULL AND NOT EXISTS (SELECT 1 FROM named n",
        by: "AND a.ended_at IS NULL AND false AND NOT EXISTS (SELECT 1 FROM named n",
      },
    ],
    faults: ["a claim's answer lost, and PostgreSQL away for 40 s"],
    rounds: 2,
  },
  {
    name: "end-before-proof",
    takes: "the proof of death before an end",
    replacements: [
      {
        file: "worker/executors/process.ts",
        text: "      await proveDeadAtLast(program.mark, leader);\n",
        by: "      void leader;\n",
      },
    ],
    faults: [KILL],
    kinds: ["daemon", "marked-daemon", "steady"],
    rounds: 3,
  },
  {
    name: "take-over-before-proof",
    takes: "the proof of death before a dead worker's attempts are given back, and what kills them with it",
    replacements: [
      {
        file: "worker/housekeeping.ts",
        text: "    await Promise.all(attempts.map(killMarked));\n",
        by: "    void killMarked;\n",
      },
      { file: "worker/executors/launcher.pl", text: "{ kill_all(); exit 0 }", by: "{ exit 0 }" },
      {
        file: "worker/executors/launcher.pl",
        text: "    syscall( $prctl, 1, 9 ) if $prctl; ",
        by: "    syscall( $prctl, 1, 0 ) if $prctl; ",
      },
    ],
    faults: [KILL, "kill -9 of a worker and its launcher"],
  },
  {
    name: "offer-without-claiming",
    takes: "the note of what is on offer: an offer that its worker did not live to claim is forgotten",
    replacements: [
      {
        file: "src/tasks/ready-queue.ts",
        text: "    redis.call('ZADD', p .. 'claiming', now, head.id)\n",
        by: "",
      },
    ],
    // A worker that is killed is started again, and the first thing that it does is to compare all of the order.
    faults: ["a claim that does not arrive"],
    // What is queued for less than 10 s is compared each second and comes back at once.
    backlog: 200,
    rounds: 10,
  },
  {
    name: "no-rebuild",
    takes: "the rebuild after Redis lost its data",
    replacements: [
      {
        file: "src/tasks/reconcile.ts",
        text: "  if (await isWhole()) return false;\n  return getSql()",
        by: "  if ((await isWhole()) || Date.now() > 0) return false;\n  return getSql()",
      },
    ],
    faults: ["FLUSHALL"],
    rounds: 3,
  },
  {
    name: "pause-only-in-redis",
    takes: "the look at paused queues from PostgreSQL's side of the claim",
    replacements: [
      {
        file: "src/tasks/claim.ts",
        text: "\n      AND NOT EXISTS (SELECT 1 FROM queues q WHERE q.name = r.queue AND q.paused)\n    RETURNING",
        by: "\n    RETURNING",
      },
      {
        file: "src/tasks/claim.ts",
        text: "\n      AND NOT EXISTS (SELECT 1 FROM queues q WHERE q.name = s.queue AND q.paused)`;",
        by: "`;",
      },
    ],
    faults: ["FLUSHALL", "Redis killed, back empty"],
    rounds: 4,
  },
  {
    name: "epoch-not-checked",
    hides: {
      because: "the rebuild comes within a second; until then only the order of starts is wrong",
      test: "src/tasks/offers.test.ts",
    },
    takes: "the check of the epoch from the offer: half a queue is taken for the whole",
    replacements: [
      {
        file: "src/tasks/ready-queue.ts",
        text: "if redis.call('EXISTS', p .. 'epoch') == 0 then return 'NOEPOCH' end\nlocal only",
        by: "local only",
      },
    ],
    faults: [],
  },
  {
    name: "server-not-checked",
    takes: "the check that the sets were built in this very Redis: older data are taken for whole",
    replacements: [
      {
        file: "src/tasks/ready-sets.ts",
        text: "return epoch === 1 && builtIn !== null && info.includes(",
        by: "return epoch === 1 && builtIn !== null && Boolean(info) && Boolean(",
      },
    ],
    faults: ["Redis killed, back with older data"],
    rounds: 4,
  },
  {
    name: "reaper-in-outage",
    takes: "the wait for a lease without a gap: what PostgreSQL's outage let expire is given up while it runs",
    replacements: [
      {
        file: "worker/housekeeping.ts",
        text: "    if (performance.now() - this.#seenSince < LEASE_SECONDS * 1000) return;\n",
        by: "    void LEASE_SECONDS;\n",
      },
      { file: "src/tasks/claim.ts", text: "export const LEASE_SECONDS = 60;", by: "export const LEASE_SECONDS = 6;" },
    ],
    faults: ["PostgreSQL refuses for 6 s"],
    rounds: 14,
  },
  {
    name: "outbox-apart",
    takes: "the events and counters of an end from its statement: they are written in one of their own",
    replacements: [
      {
        file: "src/tasks/finish.ts",
        text: `FROM t WHERE status = 'queued'
    ), \${recordMoves(sql, "running")}
    SELECT t.attempt,`,
        by: `FROM t WHERE status = 'queued'
    )
    SELECT t.attempt,`,
      },
      {
        file: "src/tasks/finish.ts",
        text: "    const rows = await withRetries(() => endStatement(getSql(), [...firsts.values()]));\n",
        by: `    const rows = await withRetries(() => endStatement(getSql(), [...firsts.values()]));
    for (const row of rows) await recordMove(getSql(), row.id, "running");\n`,
      },
      {
        file: "src/tasks/finish.ts",
        text: `import { changedColumns, recordMoves } from "./transition";`,
        by: `import { changedColumns, recordMove, recordMoves } from "./transition";`,
      },
    ],
    faults: ["an end's answer lost", "PostgreSQL slow, and a worker killed"],
    rounds: 6,
  },
  {
    name: "place-before-commit",
    hides: {
      because: "what was offered too early is put back by the comparison that comes each second",
      test: "src/tasks/offers.test.ts",
    },
    takes: "the order of commit and ZADD for single tasks with a key: a worker is offered what is not there yet",
    replacements: [
      {
        file: "src/platform/idempotency.ts",
        text: "    const made = await create(sql);\n",
        by: "    const made = await create(sql);\n    await made.announce();\n",
      },
      { file: "src/platform/idempotency.ts", text: "  await outcome.announce();\n", by: "" },
    ],
    faults: [],
  },
  {
    name: "cancel-without-lock",
    takes: "the row locks from a cancel: what it read may be over when it writes",
    replacements: [
      {
        file: "src/tasks/cancel.ts",
        text: "ORDER BY task_id FOR UPDATE`;",
        by: "ORDER BY task_id`;",
      },
      {
        file: "src/tasks/cancel.ts",
        text: "ORDER BY id FOR UPDATE`;",
        by: "ORDER BY id`;",
      },
    ],
    faults: ["PostgreSQL slow for 5 s"],
    rounds: 8,
  },
];
