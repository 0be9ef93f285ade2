// The whole output as a text file, whatever part of it the page shows.
import type { LogSource } from "./use-log";

const LINES_PER_REQUEST = 10_000;

export const downloadLog = async ({ subjectId, read }: LogSource, attempt: number | null): Promise<void> => {
  const parts: string[] = [];
  for (let after = 0; ; ) {
    const { logs } = await read({
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
  link.download = `${subjectId}${attempt === null ? "" : `-attempt-${attempt}`}.log`;
  link.click();
  URL.revokeObjectURL(url);
};
