// The same task as a shell command, for scripts.
import type { Task } from "../task";

/** Stands where the reader's own key belongs: the page never sees one. */
export const KEY_PLACEHOLDER = "$MLQUEUE_API_KEY";

const inSingleQuotes = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

export const curlFor = (origin: string, body: Record<string, unknown>): string =>
  [
    `curl ${origin}/v1/tasks`,
    `-H "Authorization: Bearer ${KEY_PLACEHOLDER}"`,
    "-H 'Content-Type: application/json'",
    `-d ${inSingleQuotes(JSON.stringify(body))}`,
  ].join(" \\\n  ");

const isEmpty = (value: unknown): boolean =>
  value === null ||
  value === undefined ||
  (Array.isArray(value) && value.length === 0) ||
  (typeof value === "object" && Object.keys(value).length === 0);

/** What the reader set, in the wire's names; what is at its default stays out. */
export const bodyOf = (task: Task): Record<string, unknown> => {
  const { gpus, cpus, memoryMb } = task.resources;
  const resources = Object.fromEntries(
    Object.entries({ gpus, cpus, memory_mb: memoryMb }).filter(([, value]) => value > 0),
  );
  const optional = {
    entrypoint: task.entrypoint,
    command: task.command,
    priority: task.priority === 0 ? null : task.priority,
    queue: task.queue === "default" ? null : task.queue,
    tags: task.tags,
    metadata: task.metadata,
    resources,
    timeout_seconds: task.timeoutSeconds,
    max_attempts: task.maxAttempts === 1 ? null : task.maxAttempts,
  };
  return {
    name: task.name,
    config: task.config,
    ...Object.fromEntries(Object.entries(optional).filter(([, value]) => !isEmpty(value))),
  };
};
