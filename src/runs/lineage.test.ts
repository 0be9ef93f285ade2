import { expect, test } from "vitest";
import { getSql } from "../platform/db";
import { makeUserId } from "../testing/engine";
import { useTestServices } from "../testing/services";
import { createRuns, removeRun } from "./edit-runs";
import { createGroup } from "./groups";
import { lineageOf } from "./lineage";
import { createUnit } from "./units";

useTestServices();

const userId = makeUserId();
const makeUnit = async () => {
  const { groupId } = await createGroup(userId, { name: "g", metadata: {} });
  return createUnit(userId, { groupId, name: "u", config: {}, metadata: {}, stallTimeoutSeconds: 120 });
};
const add = async (unitId: string, parameters: Record<string, unknown>, parentId?: string) => {
  const [run] = await createRuns(userId, { unitId, createdBy: "web", runs: [{ parameters, metadata: {}, parentId }] });
  return run?.runId ?? "";
};

test("the chain of parents tells what each changed, and ends at one in the trash", async () => {
  const { unitId } = await makeUnit();
  const first = await add(unitId, { lr: 1, bs: 32 });
  const second = await add(unitId, { lr: 2, bs: 32 }, first);
  const third = await add(unitId, { lr: 2, bs: 32, wd: 0 }, second);
  const line = await lineageOf(userId, third);
  expect(line.map((one) => [one.runId, one.differences.map(({ name }) => name)])).toEqual([
    [third, ["wd"]],
    [second, ["lr"]],
    [first, []],
  ]);
  expect(line[1]?.differences).toEqual([{ name: "lr", before: 1, after: 2 }]);
  await removeRun(userId, { runId: first });
  expect((await lineageOf(userId, third)).map((one) => one.runId)).toEqual([third, second]);
  await expect(lineageOf(makeUserId(), third)).rejects.toMatchObject({ code: "NOT_FOUND" });
});

test("a chain that leads back to itself ends", async () => {
  const { unitId } = await makeUnit();
  const first = await add(unitId, { lr: 1 });
  const second = await add(unitId, { lr: 2 }, first);
  await getSql()`UPDATE runs SET parent_id = ${second} WHERE id = ${first}`;
  expect((await lineageOf(userId, second)).map((one) => one.runId)).toEqual([second, first]);
});
