// The requests of the Python client library that people have, byte by byte as `requests` sends them, and what it reads of the answers.
// It raises for 401, 403 and every status from 400, for a body that is no JSON, for a status word that it does not know, and for a
// field that it takes without a default. Its address ends with /v1 or /v2 as its docstrings say, or with neither as its README says.
import { beforeAll, describe, expect, test } from "vitest";
import { isJsonObject, type JsonObject } from "../platform/json-safety";
import { useHttpServer } from "../testing/http";
import { makeAccount } from "../testing/make";
import { useTestServices } from "../testing/services";

useTestServices();
const { rawExchange } = useHttpServer();

let key = "";
beforeAll(async () => {
  key = (await makeAccount()).key;
});

/** As `json.dumps` writes: a space behind comma and colon, and ASCII only. */
const dumps = (value: unknown): string => {
  if (Array.isArray(value)) return `[${value.map(dumps).join(", ")}]`;
  if (isJsonObject(value))
    return `{${Object.entries(value)
      .map(([name, one]) => `${dumps(name)}: ${dumps(one)}`)
      .join(", ")}}`;
  return JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (letter) => `\\u${letter.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
};

class Raised extends Error {}

/** One request of its session. A POST without data has no body, but says what its body would be. @throws Raised as the library does */
const request = async (method: string, path: string, data?: JsonObject): Promise<JsonObject> => {
  const body = data === undefined ? "" : dumps(data);
  const length = data === undefined && method === "GET" ? "" : `Content-Length: ${Buffer.byteLength(body)}\r\n`;
  const head = [
    `${method} ${path} HTTP/1.1`,
    "Host: localhost:8080",
    "User-Agent: python-requests/2.32.3",
    "Accept-Encoding: gzip, deflate, br",
    "Accept: */*",
    "Connection: keep-alive",
    `Authorization: Bearer ${key}`,
    "Content-Type: application/json",
  ].join("\r\n");
  const partsOf = (text: string): [head: string, body: string] => {
    const at = text.indexOf("\r\n\r\n");
    return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 4)];
  };
  const isWhole = (text: string): boolean => {
    const [answerHead, rest] = partsOf(text);
    const told = /^content-length: (\d+)$/im.exec(answerHead)?.[1];
    return told !== undefined && Buffer.byteLength(rest) >= Number(told);
  };
  const answer = await rawExchange(`${head}\r\n${length}\r\n${body}`, { until: isWhole, ms: 5000 });
  const [answerHead, text] = partsOf(answer);
  const status = Number(answerHead.slice(9, 12));
  // It follows redirects, and then forgets what it sent.
  if (status >= 300) {
    const error = (JSON.parse(text) as JsonObject).error;
    expect(typeof error).toBe("string");
    throw new Raised(`${status} ${error}`);
  }
  return JSON.parse(text) as JsonObject;
};

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;
const list = (answer: JsonObject, name: string): JsonObject[] => {
  expect(Array.isArray(answer[name])).toBe(true);
  return answer[name] as JsonObject[];
};
const object = (answer: JsonObject, name: string): JsonObject => {
  expect(isJsonObject(answer[name])).toBe(true);
  return answer[name] as JsonObject;
};

describe.each(["/v2", ""])("V2, under http://localhost:8080%s", (base) => {
  /** What it makes a Group of: an id and a name. */
  const readGroup = (group: JsonObject) => {
    expect(group).toMatchObject({ group_id: expect.stringMatching(/^[\w-]+$/), name: expect.any(String) });
    expect([group.created_at, group.updated_at].every((time) => TIME.test(String(time)))).toBe(true);
    return group;
  };
  const readUnit = (unit: JsonObject) => {
    expect(unit).toMatchObject({
      ...{ unit_id: expect.any(String), group_id: expect.any(String), name: expect.any(String) },
      ...{ config: expect.any(Object), version: expect.any(Number), metadata: expect.any(Object) },
    });
    return unit;
  };
  const readQueue = (queue: JsonObject) => {
    expect(["pending", "running", "completed", "failed"]).toContain(queue.status);
    expect(queue).toMatchObject({
      ...{ queue_id: expect.any(String), unit_id: expect.any(String), name: expect.any(String) },
      ...{ parameters: expect.any(Object), order: expect.any(Number), metadata: expect.any(Object) },
    });
    expect(["client", "web"]).toContain(queue.created_by);
    return queue;
  };
  const groupBody = (name: string) => ({ name, description: null, metadata: {} });
  const newGroup = async () =>
    String(readGroup(await request("POST", `${base}/groups`, groupBody("ResNet 实验"))).group_id);
  const newUnit = async (groupId: string) => {
    const made = await request("POST", `${base}/groups/${groupId}/units`, {
      name: "ResNet50",
      config: { model: "resnet50", dataset: "imagenet" },
      description: null,
      metadata: {},
    });
    expect(made.version).toBe(1);
    return String(made.unit_id);
  };
  const queueBody = (name: string, parameters: JsonObject) => ({
    name,
    parameters,
    created_by: "client",
    metadata: {},
  });
  const addQueue = async (unitId: string, name: string) =>
    String(
      readQueue(
        object(await request("POST", `${base}/units/${unitId}/queues`, queueBody(name, { lr: 0.001 })), "queue"),
      ).queue_id,
    );
  const queuesOf = async (unitId: string, status?: string) =>
    list(await request("GET", `${base}/units/${unitId}/queues${status ? `?status=${status}` : ""}`), "queues").map(
      readQueue,
    );

  test("groups: create, list, get, update, delete", async () => {
    const id = await newGroup();
    expect(list(await request("GET", `${base}/groups`), "groups").map((one) => readGroup(one).group_id)).toContain(id);
    expect(readGroup(object(await request("GET", `${base}/groups/${id}`), "group"))).toMatchObject({
      name: "ResNet 实验",
    });
    const changed = await request("PUT", `${base}/groups/${id}`, { description: "d", metadata: { owner: "我" } });
    expect(readGroup(changed)).toMatchObject({ group_id: id, description: "d", metadata: { owner: "我" } });
    readGroup(await request("PUT", `${base}/groups/${id}`, {}));
    expect(await request("DELETE", `${base}/groups/${id}`)).toMatchObject({ success: true });
    await expect(request("GET", `${base}/groups/${id}`)).rejects.toThrow(/^404 /);
  });

  test("training units: create, list, get, update, sync, heartbeat, delete", async () => {
    const groupId = await newGroup();
    const id = await newUnit(groupId);
    const [listed] = list(await request("GET", `${base}/groups/${groupId}/units`), "units").map(readUnit);
    expect(listed?.unit_id).toBe(id);
    expect(readUnit(object(await request("GET", `${base}/units/${id}`), "unit")).config).toEqual({
      model: "resnet50",
      dataset: "imagenet",
    });
    const changed = readUnit(await request("PUT", `${base}/units/${id}`, { config: { model: "resnet101" } }));
    expect(changed).toMatchObject({ unit_id: id, version: 2, config: { model: "resnet101" } });

    const stale = await request("POST", `${base}/units/${id}/sync`, { client_version: 1 });
    expect(stale).toMatchObject({ need_sync: true, cloud_version: 2 });
    readUnit(object(stale, "unit"));
    expect(list(stale, "queues").map(readQueue)).toEqual([]);
    expect(await request("POST", `${base}/units/${id}/sync`, { client_version: 2 })).toMatchObject({
      need_sync: false,
    });

    const beat = await request("POST", `${base}/units/${id}/heartbeat`);
    expect(beat).toMatchObject({
      success: true,
      connection_status: "connected",
      last_heartbeat: expect.stringMatching(TIME),
    });
    expect(await request("DELETE", `${base}/units/${id}`)).toMatchObject({ success: true });
    await expect(request("POST", `${base}/units/${id}/heartbeat`)).rejects.toThrow(/^404 /);
  });

  test("queues: one or many are added, listed, changed, reordered, deleted", async () => {
    const unitId = await newUnit(await newGroup());
    const first = await addQueue(unitId, "lr_0.001");
    const batch = await request("POST", `${base}/units/${unitId}/queues/batch`, {
      queues: [
        { name: "lr_0.01", parameters: { lr: 0.01, batch_size: 64 } },
        { name: "lr_0.1", parameters: { lr: 0.1 }, metadata: { note: "大" } },
      ],
      created_by: "client",
    });
    // It reads each of them again.
    const [second = "", third = ""] = batch.queue_ids as string[];
    for (const id of [second, third])
      expect(readQueue(object(await request("GET", `${base}/queues/${id}`), "queue")).created_by).toBe("client");
    expect((await queuesOf(unitId, "pending")).map((one) => one.queue_id)).toEqual([first, second, third]);
    const changed = object(await request("PUT", `${base}/queues/${second}`, { parameters: { lr: 0.02 } }), "queue");
    expect(readQueue(changed)).toMatchObject({ queue_id: second, parameters: { lr: 0.02 } });
    await request("POST", `${base}/units/${unitId}/queues/reorder`, { queue_ids: [third, second, first] });
    expect((await queuesOf(unitId)).map((one) => one.queue_id)).toEqual([third, second, first]);
    await request("DELETE", `${base}/queues/${third}`);
    expect((await queuesOf(unitId)).map((one) => one.queue_id)).toEqual([second, first]);
  });

  test("a driver's loop: pending ones are started, completed and failed; what is cancelled is a status that it knows", async () => {
    const unitId = await newUnit(await newGroup());
    for (const name of ["a", "b", "c"]) await addQueue(unitId, name);
    const [a = "", b = "", c = ""] = (await queuesOf(unitId, "pending")).map((one) => String(one.queue_id));
    await request("POST", `${base}/queues/${a}/start`);
    await expect(request("POST", `${base}/queues/${a}/start`)).rejects.toThrow(/^409 /);
    const completed = { result: { final_loss: 0.12, accuracy: 0.95 }, metrics: { accuracy: 0.95 } };
    await request("POST", `${base}/queues/${a}/complete`, completed);
    await request("POST", `${base}/queues/${b}/start`);
    await request("POST", `${base}/queues/${b}/fail`, { error_msg: "CUDA out of memory" });
    await request("POST", `${base}/queues/${c}/start`);
    await request("POST", `${base}/queues/${c}/complete`, { result: {}, metrics: {} });
    const d = await addQueue(unitId, "d");
    await request("POST", `${base}/queues/${d}/cancel`);
    const all = await queuesOf(unitId);
    expect(all.map((one) => one.status)).toEqual(["completed", "failed", "completed", "failed"]);
    expect(all[0]).toMatchObject(completed);
    expect(all.map((one) => one.error_msg)).toEqual([null, "CUDA out of memory", null, "cancelled"]);
    expect((await queuesOf(unitId, "failed")).map((one) => one.queue_id)).toEqual([b]);
  });
});

describe.each(["/v1", ""])("V1, under http://localhost:8080%s", (base) => {
  const wrapper = (config: JsonObject, n: number) => ({
    config_id: `cfg_${n}`,
    config,
    created_at: "2026-11-25T08:00:00.123456",
  });
  /** It sends all that it keeps of a task, also what only the server sets, and times without an offset. */
  const taskBody = (name: string, config: JsonObject, priority = 0) => ({
    ...{ task_id: null, name, config: wrapper(config, priority), priority, status: "pending" },
    ...{ created_at: "2026-11-25T08:00:00.123456", started_at: null, completed_at: null },
    ...{ result: null, error_message: null, metadata: {} },
  });
  const readTask = (task: JsonObject) => {
    expect(["pending", "queued", "running", "completed", "failed", "cancelled"]).toContain(task.status);
    expect(task).toMatchObject({ task_id: expect.any(String), name: expect.any(String), priority: expect.any(Number) });
    expect(Object.keys(object(task, "config")).sort()).toEqual(["config", "config_id", "created_at"]);
    return task;
  };
  const get = async (id: unknown) => readTask(await request("GET", `${base}/tasks/${id}`));

  test("a task is made, read, moved in the line, and cancelled", async () => {
    const { task_id: id } = await request("POST", `${base}/tasks`, taskBody("lr_0.001", { lr: 0.001 }, 1));
    expect(await get(id)).toMatchObject({ status: "queued", config: wrapper({ lr: 0.001 }, 1), priority: 1 });
    await request("PATCH", `${base}/tasks/${id}/priority`, { priority: 7 });
    await request("PATCH", `${base}/tasks/${id}/priority`, { priority: 0 });
    expect((await get(id)).priority).toBe(0);
    const { task_id: later } = await request("POST", `${base}/tasks`, taskBody("lr_0.01", { lr: 0.01 }));
    await request("POST", `${base}/queue/reorder`, { task_ids: [later, id] });
    await request("POST", `${base}/tasks/${id}/cancel`);
    await request("POST", `${base}/tasks/${later}/cancel`);
    expect((await get(id)).status).toBe("cancelled");
    await expect(request("POST", `${base}/tasks/${id}/cancel`)).rejects.toThrow(/^409 /);
    expect(await request("GET", `${base}/queue/status`)).toMatchObject({ success: true, queue_name: "default" });
  });

  test("a batch is trained: its tasks are found queued, in their order, and results are sent without a start", async () => {
    const tasks = [
      taskBody("实验_1", { hidden: 64 }),
      taskBody("实验_2", { hidden: 128 }, 5),
      taskBody("实验_3", { hidden: 256 }),
    ];
    const { task_ids: ids } = await request("POST", `${base}/tasks/batch`, { tasks });
    const [one, two, three] = ids as string[];
    const queued = async () =>
      list(await request("GET", `${base}/tasks?limit=100&offset=0&status=queued`), "tasks")
        .map((task) => readTask(task).task_id)
        .filter((id) => (ids as string[]).includes(String(id)));
    expect(await queued()).toEqual([two, one, three]);
    await request("POST", `${base}/tasks/${two}/result`, { result: { loss: 0.1, accuracy: 0.95 } });
    expect(await queued()).toEqual([one, three]);
    await request("POST", `${base}/tasks/${one}/result`, { result: { error: "Traceback …", status: "failed" } });
    // A context that fails after its result was sent reports the failure, too; that must not raise.
    await request("POST", `${base}/tasks/${two}/result`, { result: { error: "Traceback …", status: "failed" } });
    await request("POST", `${base}/tasks/${three}/result`, { result: { loss: 0.2, error: 0.03 } });
    expect(await get(two)).toMatchObject({ status: "completed", result: { loss: 0.1, accuracy: 0.95 } });
    expect(await get(one)).toMatchObject({ status: "failed", error_message: "Traceback …" });
    expect((await get(three)).status).toBe("completed");
    expect(await queued()).toEqual([]);
    expect(list(await request("GET", `${base}/tasks?limit=100&offset=0`), "tasks").length).toBeGreaterThan(2);
    expect((await request("POST", `${base}/tasks/batch`, { tasks: [] })).task_ids).toEqual([]);
  });
});

test("a key that is not known raises what its user can understand", async () => {
  const known = key;
  key = "your-api-key";
  try {
    await expect(request("GET", "/v2/groups")).rejects.toThrow(/^401 /);
    await expect(request("GET", "/v1/tasks?limit=100&offset=0")).rejects.toThrow(/^401 /);
  } finally {
    key = known;
  }
});
