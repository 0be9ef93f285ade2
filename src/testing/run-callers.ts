// Two ways to the verbs of V2, tRPC and REST, behind one interface: a scenario runs over both.
import { appRouter } from "../api/root";
import type { ErrorDetail } from "../platform/errors";
import { toCamel, toSnake } from "../platform/field-names";
import type { JsonObject } from "../platform/json-safety";
import { createCallerFactory } from "../platform/trpc";
import type { Group } from "../runs/groups";
import type { Run } from "../runs/run";
import type { Unit } from "../runs/units";
import { asRefused, Refused } from "./callers";
import type { Call } from "./http";
import type { Account } from "./make";

/** What both ways tell; REST knows a cancelled run by its `cancelledAt`. */
export type ToldGroup = Pick<Group, "groupId" | "name" | "description" | "metadata" | "unitCount">;
export type ToldUnit = Pick<
  Unit,
  | "unitId"
  | "groupId"
  | "name"
  | "description"
  | "config"
  | "metadata"
  | "version"
  | "status"
  | "connectionStatus"
  | "runCount"
  | "stallTimeoutSeconds"
>;
export type ToldRun = Pick<
  Run,
  | "runId"
  | "unitId"
  | "attempt"
  | "name"
  | "parameters"
  | "order"
  | "status"
  | "result"
  | "metrics"
  | "errorMessage"
  | "createdBy"
  | "metadata"
>;
export type Described = { name?: string; description?: string | null; metadata?: JsonObject };
export type NewRunInput = {
  parameters: JsonObject;
  name?: string;
  metadata?: JsonObject;
  createdBy?: "client" | "web";
};
export type Counts = { total: number; pending: number; running: number; completed: number };

export type RunCaller = {
  createGroup: (group: { name: string; description?: string; metadata?: JsonObject }) => Promise<ToldGroup>;
  groups: () => Promise<string[]>;
  group: (groupId: string) => Promise<ToldGroup>;
  changeGroup: (groupId: string, change: Described) => Promise<ToldGroup>;
  removeGroup: (groupId: string, force?: boolean) => Promise<unknown>;
  groupStatistics: (groupId: string) => Promise<Counts>;
  createUnit: (
    groupId: string,
    unit: { name: string; config?: JsonObject; stallTimeoutSeconds?: number | null },
  ) => Promise<ToldUnit>;
  units: (groupId: string) => Promise<string[]>;
  unit: (unitId: string) => Promise<ToldUnit>;
  changeUnit: (unitId: string, change: Described & { config?: JsonObject }, ifVersion?: number) => Promise<ToldUnit>;
  removeUnit: (unitId: string, force?: boolean) => Promise<unknown>;
  unitStatistics: (unitId: string) => Promise<Counts>;
  sync: (
    unitId: string,
    clientVersion?: number,
  ) => Promise<{ needSync: boolean; cloudVersion: number; runIds: string[] }>;
  beat: (unitId: string, runIds?: string[]) => Promise<{ connectionStatus: string; cancel: string[] }>;
  claim: (unitId: string) => Promise<ToldRun | null>;
  add: (unitId: string, run: NewRunInput) => Promise<ToldRun>;
  addMany: (unitId: string, runs: NewRunInput[], createdBy?: "client" | "web") => Promise<string[]>;
  list: (unitId: string, status?: Run["status"][]) => Promise<string[]>;
  reorder: (unitId: string, runIds: string[]) => Promise<string[]>;
  run: (runId: string) => Promise<ToldRun>;
  changeRun: (
    runId: string,
    change: { name?: string; parameters?: JsonObject; metadata?: JsonObject },
  ) => Promise<ToldRun>;
  removeRun: (runId: string) => Promise<unknown>;
  start: (runId: string) => Promise<ToldRun>;
  complete: (runId: string, end?: { attempt?: number; result?: JsonObject; metrics?: JsonObject }) => Promise<ToldRun>;
  fail: (runId: string, end?: { attempt?: number; errorMessage?: string }) => Promise<ToldRun>;
  cancel: (runId: string, reason?: string) => Promise<ToldRun>;
  retry: (runId: string) => Promise<ToldRun>;
  sendMetrics: (runId: string, points: JsonObject[]) => Promise<number>;
  sendLogs: (runId: string, lines: JsonObject[]) => Promise<number>;
  metrics: (runId: string) => Promise<Record<string, { step: number; value: number }[]>>;
  logs: (runId: string, query?: { after?: number; lines?: number }) => Promise<{ line: number; message: string }[]>;
};

const callProcedures = createCallerFactory(appRouter);

/** Refusals of both callers compare alike. */
const refusing = <Caller extends object>(caller: Caller): Caller =>
  Object.fromEntries(
    Object.entries(caller).map(([name, run]) => [
      name,
      async (...args: unknown[]) => {
        try {
          return await (run as (...args: unknown[]) => Promise<unknown>)(...args);
        } catch (error) {
          throw asRefused(error);
        }
      },
    ]),
  ) as Caller;

export const trpcRunCaller = ({ userId }: Account): RunCaller => {
  const { groups, units, runs } = callProcedures({
    requestId: "req_test",
    locale: "en",
    authenticate: async () => ({ userId, scopes: ["*"] }),
    countTry: async () => {},
  });
  return refusing<RunCaller>({
    createGroup: (group) => groups.create(group),
    groups: async () => (await groups.list()).groups.map((group) => group.groupId),
    group: (groupId) => groups.get({ groupId }),
    changeGroup: (groupId, change) => groups.update({ groupId, ...change }),
    removeGroup: (groupId, force) => groups.remove({ groupId, force }),
    groupStatistics: (groupId) => groups.statistics({ groupId }),
    createUnit: (groupId, unit) => units.create({ groupId, ...unit }),
    units: async (groupId) => (await units.list({ groupId })).units.map((unit) => unit.unitId),
    unit: (unitId) => units.get({ unitId }),
    changeUnit: (unitId, change, ifVersion) => units.update({ unitId, ...change, ifVersion }),
    removeUnit: (unitId, force) => units.remove({ unitId, force }),
    unitStatistics: (unitId) => units.statistics({ unitId }),
    sync: async (unitId, clientVersion) => {
      const answer = await units.sync({ unitId, clientVersion });
      return { ...answer, runIds: answer.runs.map((run) => run.runId) };
    },
    beat: (unitId, runIds) => units.heartbeat({ unitId, running: runIds?.map((runId) => ({ runId })) }),
    claim: async (unitId) => (await units.claim({ unitId })).run,
    add: (unitId, run) => runs.create({ unitId, ...run }),
    addMany: async (unitId, list, createdBy) =>
      (await runs.createMany({ unitId, runs: list, createdBy })).runs.map((run) => run.runId),
    list: async (unitId, status) => (await runs.list({ unitId, status })).runs.map((run) => run.runId),
    reorder: async (unitId, runIds) => (await runs.reorder({ unitId, runIds })).runs.map((run) => run.runId),
    run: (runId) => runs.get({ runId }),
    changeRun: (runId, change) => runs.update({ runId, ...change }),
    removeRun: (runId) => runs.remove({ runId }),
    start: (runId) => runs.start({ runId }),
    complete: (runId, end) => runs.complete({ runId, ...end }),
    fail: (runId, end) => runs.fail({ runId, ...end }),
    cancel: (runId, reason) => runs.cancel({ runId, reason }),
    retry: (runId) => runs.retry({ runId }),
    sendMetrics: async (runId, points) => (await runs.appendMetrics({ runId, points: points as never })).accepted,
    sendLogs: async (runId, lines) => (await runs.appendLogs({ runId, lines: lines as never })).accepted,
    metrics: async (runId) => (await runs.metrics({ runId })).metrics,
    logs: async (runId, query) => (await runs.logs({ runId, ...query })).logs,
  });
};

/** Our words where the contract has others. */
const OURS: Record<string, string> = { queue_id: "runId", queue_count: "runCount", error_msg: "errorMessage" };
const renamed = <T>({ success: _, ...wire }: JsonObject): T =>
  Object.fromEntries(Object.entries(wire).map(([key, value]) => [OURS[key] ?? toCamel(key), value])) as T;
const onWire = (ours: object): JsonObject =>
  Object.fromEntries(Object.entries(ours).map(([key, value]) => [toSnake(key), value]));

const toldRun = (queue: JsonObject): ToldRun => {
  const run = renamed<ToldRun & { cancelledAt: string | null }>(queue);
  return run.cancelledAt === null ? run : { ...run, status: "cancelled" };
};

export const restRunCaller = ({ key }: Account, call: Call): RunCaller => {
  const ask = async (
    method: string,
    path: string,
    body?: JsonObject,
    headers: Record<string, string> = {},
  ): Promise<JsonObject> => {
    const { json } = await call(method, `/v2${path}`, { key, headers, ...(body && { body }) });
    if (json.success !== true) throw new Refused(String(json.code), json.details as ErrorDetail[]);
    return json;
  };
  const one = (json: JsonObject) => toldRun(json.queue as JsonObject);
  const idsIn = (list: unknown, id: string) => (list as JsonObject[]).map((item) => String(item[id]));
  const statistics = async (path: string) => (await ask("GET", `${path}/statistics`)).statistics as Counts;
  const forced = (force?: boolean) => (force ? "?force=true" : "");

  return {
    createGroup: async (group) => renamed(await ask("POST", "/groups", group)),
    groups: async () => idsIn((await ask("GET", "/groups")).groups, "group_id"),
    group: async (groupId) => renamed((await ask("GET", `/groups/${groupId}`)).group as JsonObject),
    changeGroup: async (groupId, change) => renamed(await ask("PUT", `/groups/${groupId}`, change)),
    removeGroup: (groupId, force) => ask("DELETE", `/groups/${groupId}${forced(force)}`),
    groupStatistics: (groupId) => statistics(`/groups/${groupId}`),
    createUnit: async (groupId, unit) => renamed(await ask("POST", `/groups/${groupId}/units`, onWire(unit))),
    units: async (groupId) => idsIn((await ask("GET", `/groups/${groupId}/units`)).units, "unit_id"),
    unit: async (unitId) => renamed((await ask("GET", `/units/${unitId}`)).unit as JsonObject),
    changeUnit: async (unitId, change, ifVersion) =>
      renamed(
        await ask("PUT", `/units/${unitId}`, change, ifVersion === undefined ? {} : { "If-Match": String(ifVersion) }),
      ),
    removeUnit: (unitId, force) => ask("DELETE", `/units/${unitId}${forced(force)}`),
    unitStatistics: (unitId) => statistics(`/units/${unitId}`),
    sync: async (unitId, clientVersion) => {
      const answer = await ask("POST", `/units/${unitId}/sync`, { client_version: clientVersion ?? null });
      return {
        needSync: answer.need_sync as boolean,
        cloudVersion: answer.cloud_version as number,
        runIds: idsIn(answer.queues, "queue_id"),
      };
    },
    beat: async (unitId, runIds) =>
      renamed(await ask("POST", `/units/${unitId}/heartbeat`, { running: runIds ?? null })),
    claim: async (unitId) => {
      const json = await ask("POST", `/units/${unitId}/claim`);
      return json.queue === null ? null : one(json);
    },
    add: async (unitId, run) => one(await ask("POST", `/units/${unitId}/queues`, onWire(run))),
    addMany: async (unitId, runs, createdBy) => {
      const body = { queues: runs.map(onWire), created_by: createdBy ?? null };
      return (await ask("POST", `/units/${unitId}/queues/batch`, body)).queue_ids as string[];
    },
    list: async (unitId, status = []) => {
      const query = status.map((text) => `status=${text}`).join("&");
      return idsIn((await ask("GET", `/units/${unitId}/queues?${query}`)).queues, "queue_id");
    },
    reorder: async (unitId, runIds) =>
      idsIn((await ask("POST", `/units/${unitId}/queues/reorder`, { queue_ids: runIds })).queues, "queue_id"),
    run: async (runId) => one(await ask("GET", `/queues/${runId}`)),
    changeRun: async (runId, change) => one(await ask("PUT", `/queues/${runId}`, change)),
    removeRun: (runId) => ask("DELETE", `/queues/${runId}`),
    start: async (runId) => one(await ask("POST", `/queues/${runId}/start`)),
    complete: async (runId, end = {}) => one(await ask("POST", `/queues/${runId}/complete`, end)),
    fail: async (runId, end = {}) => one(await ask("POST", `/queues/${runId}/fail`, onWire(end))),
    cancel: async (runId, reason) => one(await ask("POST", `/queues/${runId}/cancel`, { reason: reason ?? null })),
    retry: async (runId) => one(await ask("POST", `/queues/${runId}/retry`)),
    sendMetrics: async (runId, points) => Number((await ask("POST", `/queues/${runId}/metrics`, { points })).accepted),
    sendLogs: async (runId, lines) => Number((await ask("POST", `/queues/${runId}/logs`, { lines })).accepted),
    metrics: async (runId) =>
      (await ask("GET", `/queues/${runId}/metrics`)).metrics as Awaited<ReturnType<RunCaller["metrics"]>>,
    logs: async (runId, query = {}) => {
      const parameters = new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)]));
      return (await ask("GET", `/queues/${runId}/logs?${parameters}`)).logs as Awaited<ReturnType<RunCaller["logs"]>>;
    },
  };
};
