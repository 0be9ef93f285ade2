import { getSql } from "../platform/db";

export type TaskStatistics = {
  period: { start: string; end: string };
  totalTasks: number;
  completedTasks: number;
  failedTasks: number;
  cancelledTasks: number;
  averageDurationSeconds: number;
  /** completed / ended, 0..1, 0 if none ended */
  successRate: number;
  byDay: { date: string; total: number; completed: number; failed: number; cancelled: number }[];
};

const DAY_MS = 86_400_000;
/** Of a longer period the last ten years are told by day; the sums are of all of it. */
const MAX_DAYS = 3660;
const FIRST_DAY = Date.parse("0001-01-01");
const dayText = (at: number) => new Date(at).toISOString().slice(0, 10);

/** Both days included, UTC; the last 30 days unless given. */
const periodOf = (input: { startDate?: string | undefined; endDate?: string | undefined }, now: number) => {
  const end =
    input.endDate ?? (input.startDate !== undefined && input.startDate > dayText(now) ? input.startDate : dayText(now));
  const start = input.startDate ?? dayText(Math.max(Date.parse(end) - 29 * DAY_MS, FIRST_DAY));
  return { start, end };
};

/**
 * The account's tasks in a period: the total by creation, the ended ones by their end. Durations are those of completed tasks
 * that were started.
 */
export const taskStatistics = async (
  userId: string,
  input: { startDate?: string | undefined; endDate?: string | undefined },
  now = Date.now(),
): Promise<TaskStatistics> => {
  const sql = getSql();
  const period = periodOf(input, now);
  const from = `${period.start}T00:00:00Z`;
  const last = `${period.end}T00:00:00Z`;
  const [created, ended] = await Promise.all([
    sql<{ date: string; n: number }[]>`
      SELECT to_char(created_at AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS date, count(*) AS n FROM tasks
      WHERE user_id = ${userId} AND created_at >= ${from}::timestamptz AND created_at < ${last}::timestamptz + interval '1 day' GROUP BY 1`,
    sql<
      {
        date: string;
        outcome: "completed" | "failed" | "cancelled";
        n: number;
        seconds: number | null;
        timed: number;
      }[]
    >`
      SELECT to_char(completed_at AT TIME ZONE 'UTC', 'YYYY-MM-DD') AS date, outcome, count(*) AS n,
        sum(extract(epoch FROM completed_at - started_at))::float8 AS seconds, count(started_at) AS timed
      FROM tasks WHERE user_id = ${userId} AND completed_at >= ${from}::timestamptz AND completed_at < ${last}::timestamptz + interval '1 day' GROUP BY 1, 2`,
  ]);
  const days = new Map<string, TaskStatistics["byDay"][number]>();
  const lastDay = Date.parse(period.end);
  for (let at = Math.max(Date.parse(period.start), lastDay - (MAX_DAYS - 1) * DAY_MS); at <= lastDay; at += DAY_MS)
    days.set(dayText(at), { date: dayText(at), total: 0, completed: 0, failed: 0, cancelled: 0 });
  const sums = { total: 0, completed: 0, failed: 0, cancelled: 0, seconds: 0, timed: 0 };
  for (const row of created) {
    sums.total += row.n;
    const day = days.get(row.date);
    if (day) day.total = row.n;
  }
  for (const row of ended) {
    sums[row.outcome] += row.n;
    const day = days.get(row.date);
    if (day) day[row.outcome] = row.n;
    if (row.outcome !== "completed") continue;
    sums.seconds += row.seconds ?? 0;
    sums.timed += row.timed;
  }
  const endedTotal = sums.completed + sums.failed + sums.cancelled;
  return {
    period,
    totalTasks: sums.total,
    completedTasks: sums.completed,
    failedTasks: sums.failed,
    cancelledTasks: sums.cancelled,
    averageDurationSeconds: sums.timed === 0 ? 0 : sums.seconds / sums.timed,
    successRate: endedTotal === 0 ? 0 : sums.completed / endedTotal,
    byDay: [...days.values()],
  };
};
