// How much is on its way to receivers, over all accounts.
import { getSql } from "../platform/db";

/** `due`: those whose time has come; `oldestDueAt`: since when the first of them waits */
export type OutboxGauges = { waiting: number; due: number; oldestDueAt: string | null };

export const outboxGauges = async (): Promise<OutboxGauges> => {
  const [row] = await getSql()<{ waiting: number; due: number; oldest: Date | null }[]>`
    SELECT count(*) AS waiting, count(*) FILTER (WHERE next_try_at <= now()) AS due,
      min(next_try_at) FILTER (WHERE next_try_at <= now()) AS oldest
    FROM webhook_deliveries WHERE status = 'pending'`;
  return { waiting: row?.waiting ?? 0, due: row?.due ?? 0, oldestDueAt: row?.oldest?.toISOString() ?? null };
};
