// Brings the database to this version's schema. Run by `npm start` and `npm run migrate`, never by web or worker.
import { basename } from "node:path";
import { drizzle } from "drizzle-orm/postgres-js";
import { migrate } from "drizzle-orm/postgres-js/migrator";
import postgres from "postgres";
import { migrationsFolder } from "./schema-version";

/** Any number that nothing else uses: two migrations never run side by side. */
const MIGRATION_LOCK = 7_110_001;

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

// The file itself, not a folder whose name happens to hold the word: tests import this module, too.
if (/^migrate\.m?[jt]s$/.test(basename(process.argv[1] ?? ""))) {
  const url = process.env.DATABASE_URL;
  if (!url) {
    console.error("DATABASE_URL is not set.");
    process.exit(1);
  }
  await migrateDatabase(url);
}
