// Brings the database to this version's schema. Run by `npm start` and `npm run migrate`, never by web or worker.
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { drizzle } from "drizzle-orm/postgres-js";
import { migrate } from "drizzle-orm/postgres-js/migrator";
import postgres from "postgres";

/** Any number that nothing else uses: two migrations never run side by side. */
const MIGRATION_LOCK = 7_110_001;

const migrationsFolder = (): string => join(process.env.MLQUEUE_ROOT || process.cwd(), "drizzle");

export const migrateDatabase = async (url: string, folder = migrationsFolder()): Promise<void> => {
  // One connection, so that the lock and the migration share a session.
  const sql = postgres(url, { max: 1, onnotice: () => {} });
  try {
    await sql`SELECT pg_advisory_lock(${MIGRATION_LOCK})`;
    await migrate(drizzle(sql), { migrationsFolder: folder });
  } finally {
    await sql.end({ timeout: 5 });
  }
};

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

/**
 * Waits until the database has this version's schema.
 * @throws Error after `timeoutMs`, with the command that migrates
 */
export const waitForSchema = async (url: string, timeoutMs = 60_000, folder = migrationsFolder()): Promise<void> => {
  const needed = neededMigration(folder);
  const deadline = Date.now() + timeoutMs;
  const sql = postgres(url, { max: 1, onnotice: () => {}, connect_timeout: 5 });
  try {
    for (;;) {
      const found = await sql`SELECT max(created_at) AS at FROM drizzle.__drizzle_migrations`.catch(() => null);
      if (found && Number(found[0]?.at ?? 0) >= needed) return;
      if (Date.now() > deadline)
        throw new Error("The database is not at this version's schema: run `npm run migrate`.");
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  } finally {
    await sql.end({ timeout: 2 });
  }
};

// The file itself, not a folder whose name happens to hold the word: the server imports this module, too.
if (/^migrate\.m?[jt]s$/.test(basename(process.argv[1] ?? ""))) {
  const url = process.env.DATABASE_URL;
  if (!url) {
    console.error("DATABASE_URL is not set.");
    process.exit(1);
  }
  await migrateDatabase(url);
}
