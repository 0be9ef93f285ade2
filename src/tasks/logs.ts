import { type ReadLine, readLines } from "../logs/read";
import type { LogsInput } from "./input";
import { getTaskRow } from "./list";

/**
 * The program's real output, in order; lines are numbered over all attempts.
 *
 * From the start or behind `after`, at most `limit`; or the last `lines` ones.
 * @throws TASK_NOT_FOUND, also for another account's task
 */
export const taskLogs = async (userId: string, input: LogsInput): Promise<{ taskId: string; logs: ReadLine[] }> => {
  const { taskId, after, limit, lines, attempt } = input;
  await getTaskRow(userId, taskId);
  const logs = await readLines({
    subjectId: taskId,
    limit,
    ...(after !== undefined && { after }),
    ...(lines !== undefined && { lastLines: lines }),
    ...(attempt !== undefined && { attempt }),
  });
  return { taskId, logs };
};
