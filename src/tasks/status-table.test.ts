// Every status and every verb, over both callers: what becomes of the task, or which code refuses, and that a refusal changes nothing.
import { beforeAll, describe, expect, test } from "vitest";
import { type Caller, refusal, restCaller, trpcCaller } from "../testing/callers";
import { claim, makeWorker } from "../testing/engine";
import { useHttpServer } from "../testing/http";
import { type Account, makeAccount } from "../testing/make";
import { useTestServices } from "../testing/services";
import { finishIfCurrent } from "./finish";
import type { TaskStatus } from "./status";

useTestServices({ ALLOW_COMMANDS: "true" });
const { call } = useHttpServer();

type Verb = "setPriority" | "cancel" | "retry" | "start" | "submitResult" | "reorder";
const VERBS: Verb[] = ["setPriority", "cancel", "retry", "start", "submitResult", "reorder"];
const running = "TASK_ALREADY_RUNNING";
const ended = "TASK_ALREADY_COMPLETED";
const no = "CONFLICT";

/** The status afterwards, or the code of the refusal, in the order of VERBS. */
const TABLE: Record<"client" | "worker", Record<TaskStatus, string[]>> = {
  client: {
    pending: ["pending", "cancelled", no, running, no, no],
    queued: ["queued", "cancelled", no, "running", "completed", "queued"],
    running: [running, "cancelled", no, running, "completed", no],
    completed: [running, ended, no, ended, ended, no],
    failed: [running, ended, "queued", ended, ended, no],
    cancelled: [running, ended, "queued", ended, ended, no],
  },
  worker: {
    pending: ["pending", "cancelled", no, no, no, no],
    queued: ["queued", "cancelled", no, no, no, "queued"],
    running: [running, "running", no, no, no, no],
    completed: [running, ended, no, no, no, no],
    failed: [running, ended, "queued", no, no, no],
    cancelled: [running, ended, "queued", no, no, no],
  },
};

describe.each([
  ["tRPC", (account: Account): Caller => trpcCaller(account)],
  ["REST", (account: Account): Caller => restCaller(account, call)],
])("over %s", (name, callerOf) => {
  let me: Caller;
  let count = 0;
  beforeAll(async () => {
    me = callerOf(await makeAccount());
  });

  const runByWorker = async (queue: string): Promise<{ taskId: string; attempt: number }> => {
    const [claimed] = await claim(await makeWorker({ queues: [queue] }));
    if (!claimed) throw new Error("Nothing was claimed.");
    return { taskId: claimed.taskId, attempt: claimed.attempt };
  };

  const make = async (runner: "client" | "worker", status: TaskStatus): Promise<string> => {
    const queue = `table-${name}-${++count}`;
    const { taskId } = await me.create({
      name: status,
      config: {},
      queue,
      ...(runner === "worker" && { command: ["true"] }),
      ...(status === "pending" && { runAt: "2999-01-01T00:00:00Z" }),
    });
    if (status === "cancelled") await me.cancel(taskId);
    if (status === "pending" || status === "queued" || status === "cancelled") return taskId;
    if (runner === "client") {
      if (status === "running") await me.start(taskId);
      if (status === "completed") await me.submitResult(taskId, { first: 1 });
      if (status === "failed") await me.submitResult(taskId, { error: "diverged" });
      return taskId;
    }
    const attempt = { ...(await runByWorker(queue)), result: null, signal: null };
    if (status === "completed") await finishIfCurrent({ ...attempt, outcome: "succeeded", exitCode: 0 });
    if (status === "failed")
      await finishIfCurrent({
        ...attempt,
        outcome: "failed",
        exitCode: 1,
        errorMessage: "exit code 1",
        errorKind: "exit",
      });
    return taskId;
  };

  const act = (verb: Verb, taskId: string): Promise<unknown> => {
    switch (verb) {
      case "setPriority":
        return me.setPriority(taskId, 7);
      case "submitResult":
        return me.submitResult(taskId, { second: 2 });
      case "reorder":
        return me.reorder([taskId]);
      default:
        return me[verb](taskId);
    }
  };

  const cases = (["client", "worker"] as const).flatMap((runner) =>
    (Object.keys(TABLE[runner]) as TaskStatus[]).map((status) => ({ runner, status })),
  );

  test.each(cases)("a $status task that a $runner runs", async ({ runner, status }) => {
    for (const [index, verb] of VERBS.entries()) {
      const expected = TABLE[runner][status][index] ?? "";
      const taskId = await make(runner, status);
      const before = await me.get(taskId);
      expect(before.status).toBe(status);
      if (/^[A-Z]/.test(expected)) {
        expect({ verb, ...(await refusal(act(verb, taskId))) }).toMatchObject({ verb, code: expected });
        expect(await me.get(taskId)).toEqual(before);
        continue;
      }
      await act(verb, taskId);
      const after = await me.get(taskId);
      expect({ verb, status: after.status }).toEqual({ verb, status: expected });
      expect(after.queuePosition).toBe(expected === "queued" ? 1 : null);
      if (verb === "setPriority") expect(after.priority).toBe(7);
      if (verb === "cancel") expect(after.cancelRequestedAt).not.toBeNull();
    }
  });
});
