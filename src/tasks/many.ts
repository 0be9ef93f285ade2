// Bulk actions of the page: what can be done is done, and the rest is named with its reason.
import type { DomainError, ErrorCode } from "../platform/errors";
import { cancelTasks } from "./cancel";
import { retryTasks } from "./retry";
import type { TaskRow } from "./task";

export type ManyOutcome = {
  taskIds: string[];
  /** `sentence` is for people */
  refused: { taskId: string; code: ErrorCode; sentence: string }[];
};

const outcomeOf = ({ changed, refusals }: { changed: TaskRow[]; refusals: Map<string, DomainError> }): ManyOutcome => ({
  taskIds: changed.map((row) => row.id),
  refused: [...refusals].map(([taskId, { code, message }]) => ({ taskId, code, sentence: message })),
});

export const cancelMany = async (
  userId: string,
  input: { taskIds: string[]; reason?: string | undefined },
): Promise<ManyOutcome> => outcomeOf(await cancelTasks(userId, { ...input, taskIds: [...new Set(input.taskIds)] }));

export const retryMany = async (userId: string, input: { taskIds: string[] }): Promise<ManyOutcome> =>
  outcomeOf(await retryTasks(userId, { taskIds: [...new Set(input.taskIds)] }));
