// Tasks that a client runs itself: they have neither an entrypoint nor a command.
import { isDeepStrictEqual } from "node:util";
import { getSql, type SqlLike, withRetries } from "../platform/db";
import { DomainError } from "../platform/errors";
import { isJsonObject, type JsonObject } from "../platform/json-safety";
import { publishLive } from "../platform/live";
import { log } from "../platform/log";
import { getTask, taskColumns, taskNotFound } from "./list";
import { releaseDependents } from "./promote";
import { removeReady } from "./ready-queue";
import { CLIENT_CLASS } from "./resource-class";
import { isEnded } from "./status";
import type { Task, TaskRow } from "./task";
import { recordMove } from "./transition";

/** Locks the ready row, then the task, in the order of a claim. @throws TASK_NOT_FOUND; CONFLICT for a task that a worker runs */
const lockClientTask = async (sql: SqlLike, userId: string, taskId: string): Promise<TaskRow> => {
  await sql`SELECT 1 FROM ready_tasks WHERE task_id = ${taskId} AND user_id = ${userId} FOR UPDATE`;
  const [task] = await sql<
    TaskRow[]
  >`SELECT ${taskColumns(sql)} FROM tasks WHERE id = ${taskId} AND user_id = ${userId} FOR UPDATE`;
  if (!task) throw taskNotFound(taskId);
  if (task.class !== CLIENT_CLASS) throw new DomainError("CONFLICT", "workerRunsTask", { params: { id: taskId } });
  return task;
};

const openAttempt = async (sql: SqlLike, task: TaskRow): Promise<void> => {
  await sql`DELETE FROM ready_tasks WHERE task_id = ${task.id}`;
  await sql`UPDATE tasks SET status = 'running', change_no = change_no + 1, attempt = attempt + 1, started_at = coalesce(started_at, now()), updated_at = now() WHERE id = ${task.id}`;
  await sql`INSERT INTO task_attempts (task_id, attempt) VALUES (${task.id}, ${task.attempt + 1})`;
  await recordMove(sql, task.id, task.status);
};

const leaveRedis = (task: TaskRow): Promise<void> =>
  removeReady([{ taskId: task.id, queue: task.queue, userId: task.user_id, class: task.class }]).catch(
    (error: Error) => {
      log.debug({ taskId: task.id, error: error.message }, "a started task stayed in redis until the next comparison");
    },
  );

/**
 * Starts a queued task for a client that runs it itself. It may also be started while its queue is paused.
 *
 * Of two callers one wins: the row lock orders them, and the second sees `running`.
 * @throws TASK_NOT_FOUND, also for another account's task
 * @throws TASK_ALREADY_RUNNING, TASK_ALREADY_COMPLETED; CONFLICT for a task that a worker runs
 */
export const startTask = async (userId: string, input: { taskId: string }): Promise<Task> => {
  const task = await withRetries(() =>
    getSql().begin(async (sql) => {
      const found = await lockClientTask(sql, userId, input.taskId);
      if (isEnded(found.status))
        throw new DomainError("TASK_ALREADY_COMPLETED", "taskEnded", {
          params: { id: found.id, status: found.status },
        });
      if (found.status !== "queued")
        throw new DomainError("TASK_ALREADY_RUNNING", "taskNotQueued", {
          params: { id: found.id, status: found.status },
        });
      await openAttempt(sql, found);
      return found;
    }),
  );
  await leaveRedis(task);
  publishLive([{ kind: "task", userId, taskId: task.id, status: "running" }]);
  return getTask(userId, task.id);
};

/** What a client's result means: `status: "failed"`, or an `error` that is text, reports a failure; anything else completes. */
const readResult = (result: JsonObject): { status: "completed" } | { status: "failed"; message: string } => {
  const text = typeof result.error === "string" ? result.error : null;
  if (result.status === "failed") return { status: "failed", message: text ?? "the client reported a failure" };
  return text === null ? { status: "completed" } : { status: "failed", message: text };
};

const withArtifacts = (result: JsonObject, artifacts: unknown): JsonObject =>
  artifacts === undefined ? result : { ...result, artifacts };

/**
 * Ends a task that a client runs, from `queued` or `running`. A failure that a client reports is final.
 *
 * On an ended task the same result again, or a failure reported for a completed one, changes nothing and answers the task.
 * @throws TASK_NOT_FOUND; CONFLICT for a task that a worker runs or that is still pending;
 *   TASK_ALREADY_COMPLETED for another result than the first
 */
export const submitResult = async (
  userId: string,
  input: { taskId: string; result: JsonObject; artifacts?: unknown },
): Promise<Task> => {
  const result = withArtifacts(input.result, input.artifacts);
  const verdict = readResult(input.result);
  const task = await withRetries(() =>
    getSql().begin(async (sql) => {
      const found = await lockClientTask(sql, userId, input.taskId);
      if (isEnded(found.status)) {
        const repeated =
          isJsonObject(found.result) && isDeepStrictEqual(found.result, JSON.parse(JSON.stringify(result)));
        if (repeated || (verdict.status === "failed" && found.status === "completed")) return null;
        throw new DomainError("TASK_ALREADY_COMPLETED", "taskEnded", {
          params: { id: found.id, status: found.status },
        });
      }
      if (found.status === "pending")
        throw new DomainError("CONFLICT", "taskNotQueued", { params: { id: found.id, status: found.status } });
      if (found.status === "queued") await openAttempt(sql, found);
      const failed = verdict.status === "failed";
      await sql`UPDATE task_attempts SET ended_at = now(), outcome = ${failed ? "failed" : "succeeded"}, error_message = ${failed ? verdict.message : null}
      WHERE task_id = ${found.id} AND ended_at IS NULL`;
      await sql`UPDATE tasks SET status = ${verdict.status}, change_no = change_no + 1, outcome = ${verdict.status}, result = ${sql.json(result as never)}, completed_at = now(), updated_at = now(),
        failures = failures + ${failed ? 1 : 0}, error_message = ${failed ? verdict.message : null}, error_kind = ${failed ? "client" : null}
      WHERE id = ${found.id}`;
      await recordMove(sql, found.id, "running");
      return found;
    }),
  );
  if (task) {
    await leaveRedis(task);
    publishLive([{ kind: "task", userId, taskId: task.id, status: verdict.status }]);
    await releaseDependents();
  }
  return getTask(userId, input.taskId);
};
