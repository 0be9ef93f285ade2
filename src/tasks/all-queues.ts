// The queues of all accounts, for an owner.
import { getSql } from "../platform/db";
import { type StatusCounts, zeroCounts } from "./counts";
import { tasksByQueue } from "./gauges";

export type QueueOverview = {
  /** empty: all those beyond the hundred with the most to do, together */
  queue: string;
  counts: StatusCounts;
  /** null while it is not paused; `by` is an account's id */
  paused: { reason: string | null; by: string | null; since: string } | null;
};

/** Those with tasks and those that are paused, by name; `default` always. */
export const listAllQueues = async (): Promise<QueueOverview[]> => {
  const [counted, paused] = await Promise.all([
    tasksByQueue(),
    getSql()<{ name: string; reason: string | null; changed_by: string | null; changed_at: Date }[]>`
      SELECT name, reason, changed_by, changed_at FROM queues WHERE paused ORDER BY name LIMIT 1000`,
  ]);
  const queues = new Map<string, QueueOverview>();
  const at = (queue: string): QueueOverview => {
    const known = queues.get(queue) ?? { queue, counts: zeroCounts(), paused: null };
    queues.set(queue, known);
    return known;
  };
  at("default");
  for (const { queue, status, count } of counted) at(queue).counts[status] = count;
  for (const { name, reason, changed_by: by, changed_at: since } of paused)
    at(name).paused = { reason, by, since: since.toISOString() };
  return [...queues.values()].sort((a, b) => (a.queue === "" || (b.queue !== "" && a.queue > b.queue) ? 1 : -1));
};
