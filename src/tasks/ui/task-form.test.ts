import { expect, test } from "vitest";
import { EMPTY_FORM, formOf, problemsFrom, readForm, readPriority } from "./task-form";

const filled = { ...EMPTY_FORM, name: " digits ", entrypoint: "train.py", config: '{"lr": 0.1}' };

test("a filled form is a task, and what was left empty is left to the server", () => {
  expect(readForm({ ...filled, tags: "a, b，a", gpus: "2", timeout: "60" })).toEqual({
    task: {
      name: "digits",
      config: { lr: 0.1 },
      priority: 0,
      queue: "default",
      tags: ["a", "b"],
      entrypoint: "train.py",
      timeoutSeconds: 60,
      resources: { gpus: 2 },
    },
  });
});

test("every wrong field is named at once", () => {
  expect(readForm({ ...filled, name: "", entrypoint: "", config: "{", priority: "high", gpus: "-1" })).toEqual({
    problems: {
      name: "required",
      entrypoint: "required",
      config: { json: { line: 1, column: 1, reason: "unclosed", near: "{" } },
      priority: "badPriority",
      gpus: "badWhole",
    },
  });
});

test("a command is a list of arguments", () => {
  expect(readForm({ ...filled, program: "command", command: "python train.py 'a b'" })).toMatchObject({
    task: { command: ["python", "train.py", "a b"] },
  });
  expect(readForm({ ...filled, program: "command", command: "echo 'x" })).toEqual({
    problems: { command: "unclosedQuote" },
  });
  expect(readForm({ ...filled, program: "command", command: " " })).toEqual({ problems: { command: "emptyCommand" } });
});

test.each([
  ["0", 0],
  ["-1000000", -1_000_000],
  ["1000001", null],
  ["1.5", null],
  ["", null],
  ["1e3", null],
])("priority %j is %s", (text, value) => {
  expect(readPriority(text)).toBe(value);
});

test("a duplicated task asks for the same things again", () => {
  const form = formOf({
    taskId: "task_1",
    name: "a",
    config: { lr: 1 },
    priority: 5,
    status: "failed",
    queue: "gpu",
    entrypoint: null,
    command: ["python", "a b.py"],
    metadata: {},
    tags: ["x"],
    resources: { gpus: 1, cpus: 0, memoryMb: 0 },
    result: null,
    errorMessage: null,
    attempt: 1,
    maxAttempts: 3,
    timeoutSeconds: null,
    queuePosition: null,
    runAt: null,
    dependsOn: [],
    waitingReason: null,
    createdAt: "",
    startedAt: null,
    completedAt: null,
    updatedAt: "",
    userId: "",
    workerId: null,
    cancelRequestedAt: null,
  });
  expect(readForm(form)).toEqual({
    task: {
      name: "a",
      config: { lr: 1 },
      priority: 5,
      queue: "gpu",
      tags: ["x"],
      command: ["python", "a b.py"],
      maxAttempts: 3,
      resources: { gpus: 1 },
    },
  });
});

test("refusals of the server stand at their fields", () => {
  expect(
    problemsFrom([
      { path: "timeoutSeconds", message: "must be at least 1" },
      { path: "config.a.b", message: "must not hold a NUL character" },
      { path: "webhookUrl", message: "is odd" },
    ]),
  ).toEqual({
    timeout: { text: "timeoutSeconds must be at least 1" },
    config: { text: "config.a.b must not hold a NUL character" },
  });
});
