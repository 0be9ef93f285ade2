// Claim and end touch only their own rows, however long the queue is and whatever the statistics say (targets.md, "the planner trap").
import type postgres from "postgres";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { getSql, type SqlLike } from "../platform/db";
import { makeUserId, makeWorker } from "../testing/engine";
import { useTestServices } from "../testing/services";
import { type ClaimingWorker, claimStatement } from "./claim";
import { endStatement } from "./finish";

useTestServices();

const QUEUED = 100_000;
const OPEN = 20_000;
const CLAIMED = 10;
/** Each claimed row is met in an index, in the table, and again by what is joined to it. */
const ROWS_AT_MOST = 10 * CLAIMED;

type Plan = {
  "Node Type": string;
  "Relation Name"?: string;
  "Actual Rows": number;
  "Actual Loops": number;
  "Rows Removed by Filter"?: number;
  "Rows Removed by Join Filter"?: number;
  Plans?: Plan[];
};

const nodesOf = (plan: Plan): Plan[] => [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];

const rowsMet = (node: Plan): number =>
  (node["Actual Rows"] + (node["Rows Removed by Filter"] ?? 0) + (node["Rows Removed by Join Filter"] ?? 0)) *
  node["Actual Loops"];

const BIG = ["tasks", "ready_tasks", "task_attempts"];

/** What an executed plan did that it should not have: in words, so that a failure says which node. */
const walks = (plan: Plan): string[] =>
  nodesOf(plan).flatMap((node) => {
    const what = `${node["Node Type"]} on ${node["Relation Name"] ?? "a sub-plan"}`;
    if (node["Node Type"] === "Seq Scan" && BIG.includes(node["Relation Name"] ?? "")) return [what];
    return rowsMet(node) > ROWS_AT_MOST ? [`${what}: ${rowsMet(node)} rows`] : [];
  });

const explain = async <T extends readonly postgres.MaybeRow[]>(
  sql: SqlLike,
  statement: postgres.PendingQuery<T>,
): Promise<Plan> => {
  const [row] = await sql<{ "QUERY PLAN": [{ Plan: Plan }] }[]>`EXPLAIN (ANALYZE, FORMAT JSON) ${statement}`;
  if (!row) throw new Error("EXPLAIN said nothing.");
  return row["QUERY PLAN"][0].Plan;
};

class RolledBack extends Error {}

/** Runs in a transaction that is undone, so that each test meets the same queue. */
const undone = async (run: (sql: SqlLike) => Promise<void>): Promise<void> => {
  await getSql()
    .begin(async (sql) => {
      await run(sql);
      throw new RolledBack();
    })
    .catch((error: unknown) => {
      if (!(error instanceof RolledBack)) throw error;
    });
};

/** Runs a statement as it was planned for this connection before. */
const explainKept = async (sql: SqlLike, mark: string, args: string): Promise<Plan> => {
  const [kept] = await sql<{ name: string }[]>`
    SELECT name FROM pg_prepared_statements WHERE strpos(statement, ${mark}) > 0 AND generic_plans > 0`;
  if (!kept) throw new Error(`No plan is kept for a statement with ${mark}.`);
  const [row] = await sql.unsafe<{ "QUERY PLAN": [{ Plan: Plan }] }[]>(
    `EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE "${kept.name}" (${args})`,
  );
  if (!row) throw new Error("EXPLAIN said nothing.");
  return row["QUERY PLAN"][0].Plan;
};

const succeeded = (taskId: string) => ({
  ...{ taskId, attempt: 1, outcome: "succeeded" as const, exitCode: 0, signal: null, result: null },
});

let worker: ClaimingWorker;
let heads: string[];
/** Made its plans while the tables were as good as empty. */
let early: postgres.ReservedSql<{ bigint: number }>;
afterAll(() => early.release());

beforeAll(async () => {
  worker = await makeWorker();
  const sql = getSql();
  for (const table of BIG) await sql`ALTER TABLE ${sql(table)} SET (autovacuum_enabled = false)`;
  const userId = makeUserId();
  const insert = (from: number, to: number, status: "queued" | "completed") => sql`
    INSERT INTO tasks (id, user_id, queue, name, config, metadata, tags, priority, place, status, outcome, completed_at, attempt, seq, class)
    SELECT 'task_' || lpad(n::text, 8, '0'), ${userId}, 'default', 'plan', '{}', '{}', '{}', 0, 4294967296000000 + n, ${status},
      CASE WHEN ${status} = 'completed' THEN ${status} END, CASE WHEN ${status} = 'completed' THEN now() END, 0, n, 'g0c0m0'
    FROM generate_series(${from}::int, ${to}::int) AS n`;
  // The statistics that the plans are made from: a few ended tasks and nothing queued.
  await insert(1, 100, "completed");
  await sql`ANALYZE tasks, ready_tasks, task_attempts`;
  await sql`DELETE FROM tasks`;
  early = await sql.reserve();
  await insert(1, 30, "queued");
  await sql`INSERT INTO ready_tasks (task_id, queue, user_id, class, place) SELECT id, queue, user_id, class, place FROM tasks`;
  const first = await sql<{ id: string }[]>`SELECT id FROM tasks ORDER BY seq`;
  for (const { id } of first) {
    await claimStatement(early, worker, `claim_${id}`, [id]);
    await endStatement(early, [succeeded(id)]);
  }
  await insert(101, QUEUED + 100, "queued");
  await sql`INSERT INTO ready_tasks (task_id, queue, user_id, class, place) SELECT id, queue, user_id, class, place FROM tasks WHERE status = 'queued'`;
  const rows = await sql<{ task_id: string }[]>`SELECT task_id FROM ready_tasks ORDER BY place LIMIT ${CLAIMED}`;
  heads = rows.map((row) => row.task_id);
}, 120_000);

describe("with 100,000 queued tasks and statistics that know of none", () => {
  test("a claim touches only the rows it takes, and queued → running is a heap-only update", () =>
    undone(async (sql) => {
      expect(walks(await explain(sql, claimStatement(sql, worker, "claim_1", heads)))).toEqual([]);
      const [updates] = await sql<{ all: number; heap_only: number }[]>`
        SELECT pg_stat_get_xact_tuples_updated('tasks'::regclass) AS all, pg_stat_get_xact_tuples_hot_updated('tasks'::regclass) AS heap_only`;
      expect(updates?.all).toBe(CLAIMED);
      expect(updates?.heap_only).toBe(CLAIMED);
    }));

  test("the ends of attempts touch only their rows, although 20,000 are open", () =>
    undone(async (sql) => {
      const [row] = await sql<{ ids: string[] }[]>`
        SELECT array_agg(task_id) AS ids FROM (SELECT task_id FROM ready_tasks ORDER BY place LIMIT ${OPEN}) AS first`;
      await claimStatement(sql, worker, "claim_2", row?.ids ?? []);
      expect(walks(await explain(sql, endStatement(sql, heads.map(succeeded))))).toEqual([]);
    }));

  test("nor do they walk by a plan that was made while the tables were as good as empty", async () => {
    const ids = `ARRAY[${heads.map((id) => `'${id}'`)}]`;
    const text = (value: string) => `'${value}'`;
    const me = [text(worker.workerId), String(worker.epoch)];
    const claim = [...me, ids, me[0], me[0], me[1], ...["boot", "1", "2", "3", "claim_3", "60", "queued"].map(text)];
    expect(walks(await explainKept(early, "picked AS", claim.join()))).toEqual([]);
    const given = heads.map((id) => ({ id, attempt: 1, outcome: "succeeded", exit_code: 0 }));
    const end = [text(JSON.stringify(given)), ids, ids, text("running")];
    expect(walks(await explainKept(early, "json_to_recordset", end.join()))).toEqual([]);
  });
});
