// The new-task form: what is typed, and the task that it means. Text in, so that half-typed values survive.
import type { ErrorDetail } from "../../platform/errors";
import { type JsonProblem, readJsonObject } from "../../ui/json-problem";
import type { Inputs } from "../../ui/trpc";
import type { Task } from "../task";
import { joinArguments, splitArguments } from "./arguments";

export type Program = "entrypoint" | "command" | "client";

export type TaskForm = {
  name: string;
  program: Program;
  entrypoint: string;
  command: string;
  config: string;
  priority: string;
  queue: string;
  tags: string;
  maxAttempts: string;
  timeout: string;
  gpus: string;
  cpus: string;
  memoryMb: string;
};

export type FieldName = keyof TaskForm;
/** A wrong value, as the key of a sentence; the server's own sentences come as text. */
export type Problem =
  | "required"
  | "badPriority"
  | "badWhole"
  | "unclosedQuote"
  | "emptyCommand"
  | { text: string }
  | { json: JsonProblem };
export type Problems = Partial<Record<FieldName, Problem>>;

export const EMPTY_FORM: TaskForm = {
  name: "",
  program: "entrypoint",
  entrypoint: "",
  command: "",
  config: "{\n  \n}",
  priority: "0",
  queue: "default",
  tags: "",
  maxAttempts: "",
  timeout: "",
  gpus: "",
  cpus: "",
  memoryMb: "",
};

const PRIORITY_LIMIT = 1_000_000;

/** @returns null for anything but a whole number from -1,000,000 to 1,000,000 */
export const readPriority = (text: string): number | null => {
  const trimmed = text.trim();
  if (!/^[+-]?\d{1,7}$/.test(trimmed)) return null;
  const value = Number(trimmed);
  return Math.abs(value) <= PRIORITY_LIMIT ? value : null;
};

const readWhole = (text: string): number | null | undefined => {
  const trimmed = text.trim();
  if (trimmed === "") return undefined;
  return /^\d{1,12}$/.test(trimmed) ? Number(trimmed) : null;
};

const readTags = (text: string): string[] => [
  ...new Set(
    text
      .split(/[,，、]/)
      .map((tag) => tag.trim())
      .filter((tag) => tag !== ""),
  ),
];

export type NewTaskInput = Inputs["tasks"]["create"];

/** @returns the task, or what is wrong with which field */
export const readForm = (form: TaskForm): { task: NewTaskInput } | { problems: Problems } => {
  const problems: Problems = {};
  if (form.name.trim() === "") problems.name = "required";
  if (form.queue.trim() === "") problems.queue = "required";
  const config = readJsonObject(form.config);
  if ("problem" in config) problems.config = { json: config.problem };
  const priority = readPriority(form.priority);
  if (priority === null) problems.priority = "badPriority";

  const whole: Partial<Record<FieldName, number>> = {};
  for (const name of ["maxAttempts", "timeout", "gpus", "cpus", "memoryMb"] as const) {
    const value = readWhole(form[name]);
    if (value === null) problems[name] = "badWhole";
    else if (value !== undefined) whole[name] = value;
  }

  if (form.program === "entrypoint" && form.entrypoint === "") problems.entrypoint = "required";
  const command = form.program === "command" ? splitArguments(form.command) : { args: [] };
  if ("unclosed" in command) problems.command = "unclosedQuote";
  else if (form.program === "command" && command.args.length === 0) problems.command = "emptyCommand";

  if (Object.keys(problems).length > 0 || "problem" in config || "unclosed" in command || priority === null)
    return { problems };
  const { gpus, cpus, memoryMb } = whole;
  return {
    task: {
      name: form.name.trim(),
      config: config.value,
      priority,
      queue: form.queue.trim(),
      tags: readTags(form.tags),
      ...(form.program === "entrypoint" ? { entrypoint: form.entrypoint } : {}),
      ...(form.program === "command" ? { command: command.args } : {}),
      ...(whole.maxAttempts === undefined ? {} : { maxAttempts: whole.maxAttempts }),
      ...(whole.timeout === undefined ? {} : { timeoutSeconds: whole.timeout }),
      resources: {
        ...(gpus === undefined ? {} : { gpus }),
        ...(cpus === undefined ? {} : { cpus }),
        ...(memoryMb === undefined ? {} : { memoryMb }),
      },
    },
  };
};

const text = (value: number | null, unset: number | null): string =>
  value === null || value === unset ? "" : String(value);

export const formOf = (task: Task): TaskForm => ({
  name: task.name,
  program: task.command ? "command" : task.entrypoint ? "entrypoint" : "client",
  entrypoint: task.entrypoint ?? "",
  command: task.command ? joinArguments(task.command) : "",
  config: JSON.stringify(task.config, null, 2),
  priority: String(task.priority),
  queue: task.queue,
  tags: task.tags.join(", "),
  maxAttempts: text(task.maxAttempts, 1),
  timeout: text(task.timeoutSeconds, null),
  gpus: text(task.resources.gpus, 0),
  cpus: text(task.resources.cpus, 0),
  memoryMb: text(task.resources.memoryMb, 0),
});

const FIELD_OF: Record<string, FieldName> = {
  name: "name",
  entrypoint: "entrypoint",
  command: "command",
  config: "config",
  priority: "priority",
  queue: "queue",
  tags: "tags",
  maxAttempts: "maxAttempts",
  timeoutSeconds: "timeout",
  "resources.gpus": "gpus",
  "resources.cpus": "cpus",
  "resources.memoryMb": "memoryMb",
};

/** The server's refusals at the fields they are about; those about none stay for the foot of the form. */
export const problemsFrom = (details: ErrorDetail[]): Problems => {
  const problems: Problems = {};
  for (const { path, message } of details) {
    const field = FIELD_OF[path] ?? FIELD_OF[path.split(/[.[]/)[0] ?? ""];
    if (field) problems[field] ??= { text: path === field ? message : `${path} ${message}` };
  }
  return problems;
};
