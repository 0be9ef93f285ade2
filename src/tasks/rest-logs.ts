// GET /v1/tasks/:id/logs: a page of lines, as JSON or text, or a stream that follows the program.
import { z } from "zod";
import { badField } from "../platform/errors";
import { listenLive } from "../platform/live-hub";
import type { EventStream, Route } from "../platform/route";
import { type LogsInput, logsInput } from "./input";
import { getTask } from "./list";
import { taskLogs } from "./logs";
import * as examples from "./rest-examples";
import { isEnded } from "./status";
import { flagFrom, logsFrom, taskIdFrom } from "./wire";

const formatOf = (query: URLSearchParams): "json" | "text" => {
  const format = query.get("format") || "json";
  if (format === "json" || format === "text") return format;
  throw badField("format", "must be one of json, text");
};

/** A missed hint costs this long at most. */
const LOOK_EVERY_MS = 1000;
const PAGE = 1000;

/** Resolves at the next output or status change of the task, after `LOOK_EVERY_MS`, or when the reader is gone. */
const nextChange = (taskId: string, ended: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      stopListening();
      ended.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, LOOK_EVERY_MS);
    const stopListening = listenLive((hints) => {
      if (hints.some((hint) => hint.kind === "resync" || ("taskId" in hint && hint.taskId === taskId))) done();
    });
    ended.addEventListener("abort", done);
  });

/**
 * Sends each line once as an event `log` with its number as id, then `end` when the task has ended and all was sent.
 *
 * The status is read before the lines: what the program wrote before it ended is then among them.
 */
const follow = async (userId: string, input: LogsInput, out: EventStream): Promise<void> => {
  let query: LogsInput = { ...input, limit: PAGE };
  while (!out.ended.aborted) {
    const { status } = await getTask(userId, input.taskId);
    const { logs } = await taskLogs(userId, query);
    for (const line of logs) await out.send({ id: String(line.line), event: "log", data: line });
    const isFull = query.lines === undefined && logs.length === PAGE;
    query = { ...query, lines: undefined, after: logs.at(-1)?.line ?? query.after };
    if (isFull) continue;
    if (isEnded(status)) {
      await out.send({ event: "end", data: { task_id: input.taskId, status } });
      return;
    }
    await nextChange(input.taskId, out.ended);
  }
};

/** Where a broken stream goes on: behind the last line that the client got. */
const resumed = (input: LogsInput, lastEventId: string | undefined): LogsInput =>
  lastEventId !== undefined && /^\d{1,15}$/.test(lastEventId)
    ? { ...input, after: Number(lastEventId), lines: undefined }
    : input;

export const logsRoute: Route = {
  method: "GET",
  path: "/v1/tasks/:id/logs",
  description: {
    summary:
      "Read the program's output. `format=text` answers plain text; `follow=1` server-sent events `log` and `end`",
    query: logsInput.extend({ format: z.enum(["json", "text"]).optional(), follow: z.literal(1).optional() }),
    example: examples.logs,
  },
  handle: async (call) => {
    const { userId, query, lastEventId } = call;
    const input = logsFrom(taskIdFrom(call.params), query);
    const format = formatOf(query);
    if (flagFrom(query, "follow")) {
      await getTask(userId, input.taskId);
      return { stream: (out) => follow(userId, resumed(input, lastEventId), out) };
    }
    const { taskId, logs } = await taskLogs(userId, input);
    if (format === "text") return { text: logs.map((line) => `${line.message}\n`).join("") };
    return { fields: { task_id: taskId, logs } };
  },
};
