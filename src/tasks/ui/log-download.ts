// The whole output of a task as a text file, whatever part of it the page shows.
import type { Client } from "../../ui/trpc";

const LINES_PER_REQUEST = 10_000;

export const downloadLog = async (client: Client, taskId: string, attempt: number | null): Promise<void> => {
  const parts: string[] = [];
  for (let after = 0; ; ) {
    const { logs } = await client.tasks.logs.query({
      taskId,
      ...(attempt === null ? {} : { attempt }),
      after,
      limit: LINES_PER_REQUEST,
    });
    parts.push(logs.map((line) => `${line.timestamp} ${line.stream} ${line.message}\n`).join(""));
    const last = logs.at(-1);
    if (!last || logs.length < LINES_PER_REQUEST) break;
    after = last.line;
  }
  const url = URL.createObjectURL(new Blob(parts, { type: "text/plain;charset=utf-8" }));
  const link = document.createElement("a");
  link.href = url;
  link.download = `${taskId}${attempt === null ? "" : `-attempt-${attempt}`}.log`;
  link.click();
  URL.revokeObjectURL(url);
};
