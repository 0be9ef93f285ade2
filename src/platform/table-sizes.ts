// How much room the tables take.
import { getSql } from "./db";

export type TableSize = {
  table: string;
  /** with its indexes and what is stored beside it, in bytes */
  bytes: number;
  /** as PostgreSQL keeps count, about: counting would read all of it */
  rows: number;
};

/** Largest first. */
export const tableSizes = async (): Promise<TableSize[]> => {
  const rows = await getSql()<TableSize[]>`
    SELECT relname AS table, pg_total_relation_size(relid) AS bytes, n_live_tup AS rows
    FROM pg_stat_user_tables WHERE schemaname = current_schema() ORDER BY bytes DESC, relname`;
  return rows.map((row) => ({ ...row }));
};
