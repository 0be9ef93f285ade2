import { expect, test } from "vitest";
import { appRouter } from "../api/root";
import { createCallerFactory } from "../platform/trpc";
import { makeUserId } from "../testing/engine";
import { useTestServices } from "../testing/services";

useTestServices();

const userId = makeUserId();
const api = createCallerFactory(appRouter)({
  requestId: "req_test",
  locale: "en",
  authenticate: async () => ({ userId, scopes: ["*"] }),
  countTry: async () => {},
});

test("a sweep over tRPC: previewed, made, planned, trimmed", async () => {
  const { groupId } = await api.groups.create({ name: "g" });
  const { unitId } = await api.units.create({ groupId, name: "u" });
  const recipe = { parameters: { lr: { kind: "logRange" as const, from: 0.001, to: 0.1, count: 3 } } };
  const preview = await api.sweeps.preview({ unitId, recipe });
  expect(preview.rows.map((row) => row.name)).toEqual(["lr=0.001", "lr=0.01", "lr=0.1"]);
  const { sweep, runIds } = await api.sweeps.create({ unitId, recipe });
  expect(runIds).toHaveLength(3);
  expect((await api.sweeps.preview({ unitId, recipe })).rows.map((row) => row.ranBefore)).toEqual(runIds);
  const { waiting } = await api.units.plan({ unitId });
  expect(waiting.map((one) => [one.runId, one.reason.code])).toEqual(runIds.map((id) => [id, "noDriver"]));
  expect((await api.runs.lineage({ runId: runIds[0] ?? "" })).line[0]?.sweepId).toBe(sweep.sweepId);
  expect(await api.sweeps.trim({ sweepId: sweep.sweepId })).toEqual({ removed: 3 });
  expect((await api.sweeps.get({ sweepId: sweep.sweepId })).counts.pending).toBe(0);
});

test("a bad recipe is refused with the name of the field", async () => {
  const recipe = { parameters: { lr: { kind: "uniform" as const, min: 2, max: 1 } } };
  await expect(api.sweeps.preview({ unitId: "unit_x", recipe })).rejects.toThrow(/parameters\.lr\.max|"max"/);
});
