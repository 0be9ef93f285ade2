// Whether the database is at this version's schema. Apart from migrate.ts, so that web and worker need not load the migrator (17 MB).
import { readFileSync } from "node:fs";
import { join } from "node:path";
import postgres from "postgres";
import { openSql } from "./db";

export const migrationsFolder = (): string => join(process.env.MLQUEUE_ROOT || process.cwd(), "drizzle");

type Journal = { entries: { when: number; tag: string }[] };

/** The newest migration that this version of the code needs. */
const neededMigration = (folder: string): number => {
  const journal = JSON.parse(readFileSync(join(folder, "meta", "_journal.json"), "utf8")) as Journal;
  return Math.max(...journal.entries.map((entry) => entry.when));
};

/** Whether the database has this version's schema, or a later one. */
export const hasSchema = async (sql: Pick<postgres.Sql, "unsafe">, folder = migrationsFolder()): Promise<boolean> => {
  const found = await sql.unsafe("SELECT max(created_at) AS at FROM drizzle.__drizzle_migrations");
  return Number(found[0]?.at ?? 0) >= neededMigration(folder);
};

/** A user or password that PostgreSQL does not take: waiting does not help. */
const isRefused = (error: unknown): boolean =>
  error instanceof postgres.PostgresError && ["28P01", "28000"].includes(error.code);

/**
 * Waits until the database has this version's schema.
 * @throws Error after `timeoutMs`, with the command that migrates; at once when the database takes neither user nor password
 */
export const waitForSchema = async (url: string, timeoutMs = 60_000, folder = migrationsFolder()): Promise<void> => {
  const needed = neededMigration(folder);
  const deadline = performance.now() + timeoutMs;
  const sql = openSql(url, { max: 1 });
  try {
    for (;;) {
      const found = await sql`SELECT max(created_at) AS at FROM drizzle.__drizzle_migrations`.catch(
        (error: unknown) => {
          if (isRefused(error)) throw error;
          return null;
        },
      );
      if (found && Number(found[0]?.at ?? 0) >= needed) return;
      if (performance.now() > deadline)
        throw new Error("The database is not at this version's schema: run `npm run migrate`.");
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  } finally {
    await sql.end({ timeout: 2 });
  }
};
