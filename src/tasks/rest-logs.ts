// GET /v1/tasks/:id/logs: a page of lines, as JSON or text, or a stream that follows the program.
import { z } from "zod";
import { followLines, formatOf, resumedAfter } from "../logs/follow";
import type { Route } from "../platform/route";
import { flagFrom } from "../platform/wire";
import { logsInput } from "./input";
import { getTask } from "./list";
import { taskLogs } from "./logs";
import * as examples from "./rest-examples";
import { isEnded } from "./status";
import { logsFrom, taskIdFrom } from "./wire";

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
      return {
        stream: (out) =>
          followLines(out, resumedAfter(input, lastEventId), {
            lines: async (asked) => (await taskLogs(userId, { ...asked, taskId: input.taskId })).logs,
            status: async () => (await getTask(userId, input.taskId)).status,
            hasEnded: isEnded,
            isAbout: (hint) => "taskId" in hint && hint.taskId === input.taskId,
            subject: { task_id: input.taskId },
          }),
      };
    }
    const { taskId, logs } = await taskLogs(userId, input);
    if (format === "text") return { text: logs.map((line) => `${line.message}\n`).join("") };
    return { fields: { task_id: taskId, logs } };
  },
};
