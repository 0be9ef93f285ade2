// DEFAULT_ENTRYPOINT: what would be left for a client is run by workers.
import { expect, test } from "vitest";
import { claim, makeWorker } from "../testing/engine";
import { refusalIn, useHttpServer } from "../testing/http";
import { useRestAccount } from "../testing/rest-account";
import { useTestServices } from "../testing/services";

useTestServices({ DEFAULT_ENTRYPOINT: "train_digits.mjs", ENTRYPOINTS_DIR: "examples", ALLOW_COMMANDS: "true" });
const { call } = useHttpServer();
const { ask, create, read } = useRestAccount(call);

test("a task that names no program gets it, is taken by a worker, and is no client's", async () => {
  const queue = "default-entrypoint";
  const [bare, command] = [await create({ queue }), await create({ queue, command: ["true"] })];
  expect(await read(bare)).toMatchObject({ entrypoint: "train_digits.mjs", command: null });
  expect(await read(command)).toMatchObject({ entrypoint: null, command: ["true"] });
  for (const [verb, body] of [
    ["start", {}],
    ["result", { result: {} }],
  ] as const)
    expect(refusalIn(await ask("POST", `/v1/tasks/${bare}/${verb}`, body))).toMatchObject({
      status: 409,
      code: "CONFLICT",
    });
  expect((await claim(await makeWorker({ queues: [queue] }), 2)).map((task) => task.taskId)).toEqual([bare, command]);
});
