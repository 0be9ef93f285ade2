import { type MetricSeries, readMetrics } from "../metrics/read";
import { getTaskRow } from "./list";

/**
 * The task's metrics by key, all attempts joined: a resumed run shows one line.
 *
 * @param input.maxPoints at most so many points per series, spikes kept
 * @throws TASK_NOT_FOUND, also for another account's task
 */
export const taskMetrics = async (
  userId: string,
  input: { taskId: string; key?: string | undefined; maxPoints?: number | undefined },
): Promise<{ taskId: string; metrics: MetricSeries }> => {
  const { taskId, key, maxPoints } = input;
  await getTaskRow(userId, taskId);
  const metrics = await readMetrics(taskId, {
    ...(key !== undefined && { key }),
    ...(maxPoints !== undefined && { maxPoints }),
  });
  return { taskId, metrics };
};
