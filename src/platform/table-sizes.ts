// How much room the tables take.
import { getSql } from "./db";

export type TableSize = {
  table: string;
  /** with its indexes and what is stored beside it, in bytes */
  bytes: number;
  /** as PostgreSQL last estimated: counting would read all of it */
  rows: number;
};

/** Largest first. */
export const tableSizes = async (): Promise<TableSize[]> => {
  const rows = await getSql()<TableSize[]>`
    SELECT c.relname AS table, pg_total_relation_size(c.oid) AS bytes, greatest(c.reltuples, 0)::int8 AS rows
    FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace ORDER BY bytes DESC, c.relname`;
  return rows.map((row) => ({ ...row }));
};
