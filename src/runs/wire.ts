// V2 bodies and query parameters (snake_case, "queue") ↔ the verbs' input and output (camelCase, "run").
// Only top-level keys are renamed: config, parameters, metadata, result and metrics belong to the caller.
import { badField, DomainError } from "../platform/errors";
import { toCamel, toSnake } from "../platform/field-names";
import { isJsonObject, type JsonObject } from "../platform/json-safety";
import { parseInput } from "../platform/validate";
import { type Field, fields, flagFrom, isId, pick, queryPath, readQuery } from "../platform/wire";
import { groupNotFound, runNotFound, unitNotFound } from "./access";
import type { Group } from "./groups";
import {
  claimInput,
  completion,
  failure,
  groupChange,
  groupRemoval,
  heartbeatInput,
  MAX_RUNS,
  newGroup,
  newLines,
  newPoints,
  newRun,
  newRuns,
  newShare,
  newUnit,
  runCancel,
  runChange,
  runList,
  runLogsInput,
  runMetricsInput,
  runReorder,
  startInput,
  unitChange,
  unitRemoval,
  unitSync,
} from "./input";
import type { Run } from "./run";
import { type Share, shareNotFound } from "./shares";
import type { RunStatistics } from "./statistics";
import type { Unit } from "./units";

/** Our word where the contract has another one. */
const WIRE_NAMES: Record<string, string> = {
  runs: "queues",
  runIds: "queue_ids",
  runId: "queue_id",
  unitId: "unit_id",
};

/** The path as the caller wrote it: `queues[3].created_by`, `parameters.learningRate`. */
const bodyPath = (path: PropertyKey[]): PropertyKey[] => {
  const [head, ...rest] = path;
  if (head === undefined) return [];
  if (typeof head === "number") return [head, ...bodyPath(rest)];
  const name = WIRE_NAMES[String(head)] ?? toSnake(String(head));
  return [name, ...(typeof rest[0] === "number" ? [rest[0], ...bodyPath(rest.slice(1))] : rest)];
};

/** A verb names fields by our words: its refusal names them as the caller wrote them. */
export const withWirePaths = async <T>(answer: Promise<T>): Promise<T> => {
  try {
    return await answer;
  } catch (error) {
    if (!(error instanceof DomainError) || error.problems.length === 0) throw error;
    throw error.renamed((path) => path.replace(/^\w+/, (head) => WIRE_NAMES[head] ?? toSnake(head)));
  }
};

// ── Paths ─────────────────────────────────────────────────────────────────────────────────────────

type Params = Record<string, string>;

/** @throws NOT_FOUND for what cannot be an id */
export const groupIdFrom = ({ id = "" }: Params): string => {
  if (!isId(id)) throw groupNotFound(id);
  return id;
};
export const unitIdFrom = ({ id = "" }: Params): string => {
  if (!isId(id)) throw unitNotFound(id);
  return id;
};
export const runIdFrom = ({ id = "" }: Params): string => {
  if (!isId(id)) throw runNotFound(id);
  return id;
};

// ── Bodies ────────────────────────────────────────────────────────────────────────────────────────

const DESCRIBED = fields("name", "description", "metadata");
const UNIT = fields("name", "config", "description", "metadata", "stall_timeout_seconds");
const SHARE = fields("email", "role");
const RUN = fields("name", "parameters", "metadata", "created_by");

/** Fields for which null is a value of its own. */
const nulls = (body: JsonObject, ...names: string[]): JsonObject =>
  Object.fromEntries(names.filter((name) => body[name] === null).map((name) => [toCamel(name), null]));

export const newGroupFrom = (body: JsonObject) => parseInput(newGroup, pick(body, DESCRIBED), bodyPath);
export const groupChangeFrom = (groupId: string, body: JsonObject) =>
  parseInput(groupChange, { ...pick(body, DESCRIBED), ...nulls(body, "description"), groupId }, bodyPath);
export const groupRemovalFrom = (groupId: string, query: URLSearchParams) =>
  parseInput(groupRemoval, { groupId, force: flagFrom(query, "force") }, bodyPath);

export const newShareFrom = (groupId: string, body: JsonObject) =>
  parseInput(newShare, { ...pick(body, SHARE), groupId }, bodyPath);
/** @throws NOT_FOUND for what cannot be an id */
export const shareRemovalFrom = (params: Params) => {
  const { user_id: userId = "" } = params;
  if (!isId(userId)) throw shareNotFound(userId);
  return { groupId: groupIdFrom(params), userId };
};

export const newUnitFrom = (groupId: string, body: JsonObject) =>
  parseInput(newUnit, { ...pick(body, UNIT), ...nulls(body, "stall_timeout_seconds"), groupId }, bodyPath);
export const unitRemovalFrom = (unitId: string, query: URLSearchParams) =>
  parseInput(unitRemoval, { unitId, force: flagFrom(query, "force") }, bodyPath);

/** `3`, `"3"`, `W/"3"`, or a list of these; `*` and nothing ask for nothing. What is no version can be no unit's. */
const versionsOf = (ifMatch: string | undefined): number[] | undefined => {
  const text = ifMatch?.trim() ?? "";
  if (text === "" || text === "*") return undefined;
  return text.split(",").map((tag) => Number(/^(?:W\/)?"?(\d{1,15})"?$/.exec(tag.trim())?.[1] ?? -1));
};

export const unitChangeFrom = (unitId: string, body: JsonObject, ifMatch: string | undefined) =>
  parseInput(
    unitChange,
    {
      ...pick(body, UNIT),
      ...nulls(body, "description", "stall_timeout_seconds"),
      unitId,
      ifVersion: versionsOf(ifMatch),
    },
    bodyPath,
  );

export const syncFrom = (unitId: string, body: JsonObject) =>
  parseInput(unitSync, { ...pick(body, fields("client_version")), unitId }, bodyPath);

/** `running` is a list of ids; our own driver also says attempts and progress, over tRPC. */
export const heartbeatFrom = (unitId: string, body: JsonObject) => {
  const { running, ...rest } = pick(body, fields("running", "driver_id", "slots"));
  if (running !== undefined && !Array.isArray(running)) throw badField("running", "queueIds");
  const wrong = (running ?? []).findIndex((id) => typeof id !== "string");
  if (wrong >= 0) throw badField(`running[${wrong}]`, "text");
  return parseInput(
    heartbeatInput,
    { ...rest, unitId, ...(running && { running: running.map((runId) => ({ runId })) }) },
    (path) => (path[0] === "running" ? path.slice(0, 2) : bodyPath(path)),
  );
};

export const claimFrom = (unitId: string, body: JsonObject) =>
  parseInput(claimInput, { ...pick(body, fields("driver_id")), unitId }, bodyPath);

export const newRunFrom = (unitId: string, body: JsonObject) => {
  const { createdBy, ...run } = parseInput(newRun, { ...pick(body, RUN), unitId }, bodyPath);
  return { unitId, runs: [run], createdBy };
};

export const newRunsFrom = (unitId: string, body: JsonObject) => {
  const { queues } = body;
  if (Array.isArray(queues) && queues.length > MAX_RUNS) throw badField("queues", "atMostEntries", { limit: MAX_RUNS });
  const runs = Array.isArray(queues) ? queues.map((one) => (isJsonObject(one) ? pick(one, RUN) : one)) : queues;
  return parseInput(
    newRuns,
    { ...pick(body, fields("created_by")), unitId, ...(runs !== undefined && runs !== null && { runs }) },
    bodyPath,
  );
};

export const reorderFrom = (unitId: string, body: JsonObject) => {
  const ids: Field[] = [["queue_ids", "runIds"]];
  return parseInput(runReorder, { ...pick(body, ids), unitId }, bodyPath);
};

export const runChangeFrom = (runId: string, body: JsonObject) =>
  parseInput(runChange, { ...pick(body, fields("name", "parameters", "metadata")), runId }, bodyPath);
export const startFrom = (runId: string, body: JsonObject) =>
  parseInput(startInput, { ...pick(body, fields("driver_id")), runId }, bodyPath);
export const completionFrom = (runId: string, body: JsonObject) =>
  parseInput(completion, { ...pick(body, fields("result", "metrics", "attempt")), runId }, bodyPath);

/** The message has two names. */
export const failureFrom = (runId: string, body: JsonObject) => {
  const name = typeof (body.error_msg ?? undefined) === "undefined" ? "error_message" : "error_msg";
  return parseInput(
    failure,
    {
      ...pick(body, [
        [name, "errorMessage"],
        ["attempt", "attempt"],
      ]),
      runId,
    },
    (path) => (path[0] === "errorMessage" ? [name] : bodyPath(path)),
  );
};

export const cancelFrom = (runId: string, body: JsonObject) =>
  parseInput(runCancel, { ...pick(body, fields("reason")), runId }, bodyPath);

const POINT = fields("key", "value", "step", "timestamp");
const LINE = fields("message", "stream", "timestamp");
const entries = (list: unknown, known: Field[]): unknown =>
  Array.isArray(list) ? list.map((one) => (isJsonObject(one) ? pick(one, known) : one)) : (list ?? undefined);

export const pointsFrom = (runId: string, body: JsonObject) =>
  parseInput(newPoints, { ...pick(body, fields("attempt")), runId, points: entries(body.points, POINT) }, bodyPath);
export const linesFrom = (runId: string, body: JsonObject) =>
  parseInput(
    newLines,
    { ...pick(body, fields("attempt", "first_line")), runId, lines: entries(body.lines, LINE) },
    bodyPath,
  );

// ── Query parameters ──────────────────────────────────────────────────────────────────────────────

export const listFrom = (query: URLSearchParams, unitId?: string) => {
  const given = readQuery(query, { unit_id: "text", status: "list", limit: "number", cursor: "text" });
  const input = parseInput(runList, { ...given, ...(unitId !== undefined && { unitId }) }, queryPath);
  if (input.unitId !== undefined && !isId(input.unitId)) throw unitNotFound(input.unitId);
  // A unit's list is whole: existing clients know no pages there.
  return input.unitId === undefined ? input : { ...input, limit: undefined, cursor: undefined };
};

export const logsFrom = (runId: string, query: URLSearchParams) =>
  parseInput(
    runLogsInput,
    { runId, ...readQuery(query, { after: "number", limit: "number", lines: "number", attempt: "number" }) },
    queryPath,
  );
export const metricsFrom = (runId: string, query: URLSearchParams) =>
  parseInput(runMetricsInput, { runId, ...readQuery(query, { key: "text", max_points: "number" }) }, queryPath);

// ── Answers ───────────────────────────────────────────────────────────────────────────────────────

export const wireGroup = (group: Group) => ({
  group_id: group.groupId,
  name: group.name,
  description: group.description,
  metadata: group.metadata,
  unit_count: group.unitCount,
  created_at: group.createdAt,
  updated_at: group.updatedAt,
  user_id: group.userId,
  // Own groups look exactly as before there was sharing.
  ...(group.role !== "owner" && { role: group.role, owner_email: group.ownerEmail }),
});

export const wireShare = (share: Share) => ({
  user_id: share.userId,
  email: share.email,
  role: share.role,
  created_at: share.createdAt,
  created_by: share.createdBy,
});

export const wireUnit = (unit: Unit) => ({
  unit_id: unit.unitId,
  group_id: unit.groupId,
  name: unit.name,
  description: unit.description,
  config: unit.config,
  metadata: unit.metadata,
  version: unit.version,
  status: unit.status,
  connection_status: unit.connectionStatus,
  last_heartbeat: unit.lastHeartbeat,
  queue_count: unit.runCount,
  stall_timeout_seconds: unit.stallTimeoutSeconds,
  created_at: unit.createdAt,
  updated_at: unit.updatedAt,
  user_id: unit.userId,
});

/** Existing clients know four statuses and raise on a fifth: a cancelled run is sent as failed, with `cancelled_at`. */
export const wireRun = (run: Run) => ({
  queue_id: run.runId,
  unit_id: run.unitId,
  attempt: run.attempt,
  name: run.name,
  parameters: run.parameters,
  order: run.order,
  status: run.status === "cancelled" ? "failed" : run.status,
  cancelled_at: run.cancelledAt,
  result: run.result,
  metrics: run.metrics,
  error_msg: run.errorMessage,
  created_by: run.createdBy,
  metadata: run.metadata,
  started_at: run.startedAt,
  completed_at: run.completedAt,
  created_at: run.createdAt,
  updated_at: run.updatedAt,
  user_id: run.userId,
});

export const wireStatistics = ({ total, pending, running, completed, failed, cancelled }: RunStatistics) => ({
  statistics: { total, pending, running, completed, failed: failed + cancelled },
});
