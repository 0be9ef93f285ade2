// Two accounts that use V1 over HTTP, and what their tests do again and again.
import { beforeAll, expect } from "vitest";
import type { JsonObject } from "../platform/json-safety";
import type { Call, HttpAnswer, RequestOptions } from "./http";
import { type Account, makeAccount } from "./make";

export const tasksIn = (answer: HttpAnswer) => answer.json.tasks as JsonObject[];
export const idsIn = (answer: HttpAnswer) => tasksIn(answer).map((task) => task.task_id);

/** The contract's task object. */
export const TASK_FIELDS =
  `task_id name config priority status queue entrypoint command metadata tags resources result error_message
  attempt max_attempts timeout_seconds queue_position run_at depends_on waiting_reason created_at started_at completed_at updated_at user_id worker_id cancel_requested_at`
    .split(/\s+/)
    .sort();

export const fieldsOf = (json: JsonObject): string[] =>
  Object.keys(json)
    .filter((key) => key !== "success")
    .sort();

/** Call once at the top of a test file, after useHttpServer. */
export const useRestAccount = (call: Call) => {
  const accounts = {} as { mine: Account; other: Account };
  beforeAll(async () => {
    accounts.mine = await makeAccount();
    accounts.other = await makeAccount();
  });

  const ask = (method: string, path: string, body?: JsonObject, options: RequestOptions = {}) =>
    call(method, path, { key: accounts.mine.key, ...(body && { body }), ...options });

  let queues = 0;
  /** A queue of its own, so that tests do not meet each other's tasks. */
  const newQueue = () => `q${++queues}`;

  const create = async (body: JsonObject = {}): Promise<string> => {
    const { json, status } = await ask("POST", "/v1/tasks", { name: "a task", config: { lr: 0.1 }, ...body });
    expect(status).toBe(201);
    return String(json.task_id);
  };
  const read = async (id: string) => (await ask("GET", `/v1/tasks/${id}`)).json;
  return { accounts, ask, newQueue, create, read };
};
