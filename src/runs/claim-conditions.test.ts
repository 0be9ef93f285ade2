import { expect, test } from "vitest";
import { getSql } from "../platform/db";
import { makeUserId } from "../testing/engine";
import { useTestServices } from "../testing/services";
import { claimRun } from "./claim";
import { createRuns } from "./edit-runs";
import { createGroup } from "./groups";
import { RUN_STATUSES } from "./run";
import { createUnit } from "./units";
import { blockerOf, RUN_CONDITIONS } from "./why-waiting";

useTestServices();

test("in every state a claim takes exactly the run that nothing is told to block", async () => {
  const userId = makeUserId();
  const { groupId } = await createGroup(userId, { name: "g", metadata: {} });
  const sql = getSql();
  for (const paused of [false, true])
    for (const status of RUN_STATUSES)
      for (const misfit of [null, "", "lr is required"]) {
        const { unitId } = await createUnit(userId, {
          ...{ groupId, name: "u", config: {}, metadata: {}, stallTimeoutSeconds: null },
        });
        await createRuns(userId, { unitId, createdBy: "web", runs: [{ parameters: {}, metadata: {} }] });
        await sql`UPDATE units SET paused = ${paused} WHERE id = ${unitId}`;
        await sql`
          UPDATE runs SET status = ${status}, misfit = ${misfit},
            completed_at = CASE WHEN ${status} IN ('completed', 'failed', 'cancelled') THEN now() END,
            cancelled_at = CASE WHEN ${status} = 'cancelled' THEN now() END
          WHERE unit_id = ${unitId}`;
        const { run } = await claimRun(userId, { unitId });
        const blocker = blockerOf({ paused, pausedReason: null }, { status, misfit });
        expect([paused, status, misfit, run !== null]).toEqual([paused, status, misfit, blocker === null]);
      }
});

test("the conditions stand in the claim so that its index finds the head of a line behind 5,000 ended runs", async () => {
  expect(RUN_CONDITIONS).toBe("status = 'pending' AND misfit IS NULL");
  const sql = getSql();
  await sql`
    INSERT INTO runs (id, unit_id, user_id, place, name, parameters, status, completed_at)
    SELECT 'run_long' || n, 'unit_long', 'user_x', n, 'r', '{}', CASE WHEN n <= 5000 THEN 'completed' ELSE 'pending' END,
      CASE WHEN n <= 5000 THEN now() END FROM generate_series(1, 10000) n`;
  await sql`ANALYZE runs`;
  const plan = await sql<{ "QUERY PLAN": string }[]>`
    EXPLAIN SELECT id FROM runs WHERE unit_id = 'unit_long' AND ${sql.unsafe(RUN_CONDITIONS)} AND deleted_at IS NULL
    ORDER BY place LIMIT 1`;
  const text = plan.map((line) => line["QUERY PLAN"]).join("\n");
  expect(text).toContain("Index Scan using runs_by_status");
  expect(text).not.toContain("Sort");
});
