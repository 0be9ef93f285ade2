// Two accounts that use V2 over HTTP, and what their tests do again and again.
import { beforeAll, expect } from "vitest";
import type { JsonObject } from "../platform/json-safety";
import type { Call, RequestOptions } from "./http";
import { type Account, makeAccount } from "./make";

const names = (text: string): string[] => text.split(/\s+/).sort();

/** The contract's objects. */
export const GROUP_FIELDS = names("group_id name description metadata unit_count created_at updated_at user_id");
export const UNIT_FIELDS = names(
  `unit_id group_id name description config metadata version status connection_status last_heartbeat queue_count
  stall_timeout_seconds created_at updated_at user_id`,
);
export const QUEUE_FIELDS = names(
  `queue_id unit_id attempt name parameters order status cancelled_at result metrics error_msg created_by metadata started_at
  completed_at created_at updated_at user_id`,
);

export const queueIn = ({ json }: { json: JsonObject }) => json.queue as JsonObject;
export const queuesIn = ({ json }: { json: JsonObject }) => json.queues as JsonObject[];

/** Call once at the top of a test file, after useHttpServer. */
export const useRestUnits = (call: Call) => {
  const accounts = {} as { mine: Account; other: Account };
  beforeAll(async () => {
    accounts.mine = await makeAccount();
    accounts.other = await makeAccount();
  });

  const ask = (method: string, path: string, body?: JsonObject, options: RequestOptions = {}) =>
    call(method, path, { key: accounts.mine.key, ...(body && { body }), ...options });
  const askOther = (method: string, path: string, body?: JsonObject) =>
    ask(method, path, body, { key: accounts.other.key });

  const created = async (path: string, body: JsonObject, id: string): Promise<string> => {
    const { json, status } = await ask("POST", path, body);
    expect(status).toBe(201);
    return String(json[id]);
  };
  const newGroup = (body: JsonObject = {}) => created("/v2/groups", { name: "a group", ...body }, "group_id");
  const newUnit = async (body: JsonObject = {}, groupId?: string) =>
    created(`/v2/groups/${groupId ?? (await newGroup())}/units`, { name: "a unit", ...body }, "unit_id");
  const addQueue = (unitId: string, body: JsonObject = {}) =>
    created(`/v2/units/${unitId}/queues`, { parameters: { lr: 0.1 }, ...body }, "queue_id");
  const addQueues = async (unitId: string, count: number): Promise<string[]> => {
    const queues = Array.from({ length: count }, (_, n) => ({ parameters: { n } }));
    const { json, status } = await ask("POST", `/v2/units/${unitId}/queues/batch`, { queues });
    expect(status).toBe(201);
    return json.queue_ids as string[];
  };
  const unit = async (unitId: string) => (await ask("GET", `/v2/units/${unitId}`)).json.unit as JsonObject;
  const queue = async (queueId: string) => queueIn(await ask("GET", `/v2/queues/${queueId}`));
  const order = async (unitId: string) =>
    queuesIn(await ask("GET", `/v2/units/${unitId}/queues`)).map((one) => one.queue_id);
  /** The id of the queue that the next claim starts; null when there is none. */
  const claim = async (unitId: string): Promise<string | null> => {
    const { json, status } = await ask("POST", `/v2/units/${unitId}/claim`);
    expect(status).toBe(200);
    return json.queue === null ? null : String((json.queue as JsonObject).queue_id);
  };
  return { accounts, ask, askOther, newGroup, newUnit, addQueue, addQueues, unit, queue, order, claim };
};
