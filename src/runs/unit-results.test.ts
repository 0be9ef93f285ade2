import { expect, test } from "vitest";
import { makeAccount } from "../testing/make";
import { useTestServices } from "../testing/services";
import { claimRun } from "./claim";
import { createRuns } from "./edit-runs";
import { completeRun } from "./finish";
import { createGroup } from "./groups";
import { resultsOfUnits } from "./unit-results";
import { createUnit } from "./units";

useTestServices();

const makeGroup = async () => {
  const { userId } = await makeAccount();
  const { groupId } = await createGroup(userId, { name: "digits", metadata: {} });
  return { userId, groupId };
};
const makeUnit = async (userId: string, groupId: string, results: Record<string, unknown>[]) => {
  const { unitId } = await createUnit(userId, {
    ...{ groupId, name: "mlp", config: {}, metadata: {}, stallTimeoutSeconds: null },
  });
  await createRuns(userId, {
    ...{ unitId, createdBy: "client" },
    runs: results.map((_, n) => ({ name: `run ${n + 1}`, parameters: { n }, metadata: {} })),
  });
  for (const result of results) {
    const { run } = await claimRun(userId, { unitId });
    await completeRun(userId, { runId: run?.runId ?? "", result });
  }
  return unitId;
};

test("each unit is told by its last result and its best: a score the largest, a loss the smallest", async () => {
  const { userId, groupId } = await makeGroup();
  const scored = await makeUnit(userId, groupId, [
    { loss: 0.4, accuracy: 0.8 },
    { loss: 0.1, accuracy: 0.9 },
    { loss: 0.2, accuracy: 0.85, note: "words do not count" },
  ]);
  const lossy = await makeUnit(userId, groupId, [{ loss: 0.1 }, { loss: "nan" }, { loss: 0.3 }]);
  const unknown = await makeUnit(userId, groupId, [{ size: 3 }]);
  await makeUnit(userId, groupId, [{}]);
  await makeUnit(userId, groupId, []);
  const results = await resultsOfUnits(userId, { groupId });
  const told = new Map(results.map((result) => [result.unitId, result]));
  expect(told.size).toBe(3);
  expect(told.get(scored)).toMatchObject({
    ...{ key: "accuracy", goal: "max" },
    best: { name: "run 2", value: 0.9 },
    last: { name: "run 3", value: 0.85 },
  });
  expect(told.get(lossy)).toMatchObject({ key: "loss", goal: "min", best: { value: 0.1 }, last: { value: 0.3 } });
  expect(told.get(unknown)).toMatchObject({ key: "size", goal: null, best: null, last: { value: 3 } });
});

test("of another account's group nothing is told", async () => {
  const { groupId } = await makeGroup();
  const { userId } = await makeAccount();
  await expect(resultsOfUnits(userId, { groupId })).rejects.toMatchObject({ code: "NOT_FOUND" });
});
