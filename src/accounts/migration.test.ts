// Migration 0011 on a database that has accounts and keys already.
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import postgres from "postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import { migrateDatabase } from "../platform/migrate";

const name = `t_migrate_${process.pid}`;
const url = new URL(process.env.TEST_DATABASE_URL ?? "");
url.pathname = `/${name}`;
const folder = join(mkdtempSync(join(tmpdir(), "mlqueue-migrate-")), "drizzle");
const admin = postgres(process.env.TEST_DATABASE_URL ?? "", { max: 1, onnotice: () => {} });

beforeAll(async () => {
  await admin.unsafe(`CREATE DATABASE "${name}"`);
  cpSync("drizzle", folder, { recursive: true });
  const file = join(folder, "meta/_journal.json");
  const journal = JSON.parse(readFileSync(file, "utf8")) as { entries: { idx: number }[] };
  writeFileSync(file, JSON.stringify({ ...journal, entries: journal.entries.filter(({ idx }) => idx < 11) }));
});
afterAll(async () => {
  await admin.unsafe(`DROP DATABASE IF EXISTS "${name}" WITH (FORCE)`);
  await admin.end();
  rmSync(join(folder, ".."), { recursive: true, force: true });
});

test("the oldest account becomes the owner, all others members; keys from before are kept keyed an hour later", async () => {
  await migrateDatabase(url.href, folder);
  const sql = postgres(url.href, { max: 1, onnotice: () => {} });
  await sql`
    INSERT INTO users (id, email, role, created_at) VALUES
      ('u2', 'second@x', 'admin', '2026-02-01'), ('u1', 'first@x', 'member', '2026-01-01'), ('u3', 'third@x', 'anything', '2026-03-01')`;
  await sql`INSERT INTO api_keys (id, user_id, name, hash, prefix, scopes) VALUES ('k', 'u1', 'n', 'h', 'p', '{read}')`;
  await migrateDatabase(url.href);
  const users = await sql`SELECT id, role, disabled_at FROM users ORDER BY id`;
  expect([...users]).toEqual([
    { id: "u1", role: "admin", disabled_at: null },
    { id: "u2", role: "member", disabled_at: null },
    { id: "u3", role: "member", disabled_at: null },
  ]);
  const [key] = await sql`SELECT extract(epoch FROM keyed_after - now())::int AS seconds FROM api_keys`;
  expect(key?.seconds).toBeGreaterThan(3500);
  // As a server of the version before does.
  await sql`INSERT INTO users (id, email, role) VALUES ('u4', 'fourth@x', 'member')`;
  await sql`INSERT INTO api_keys (id, user_id, name, hash, prefix, scopes) VALUES ('k2', 'u4', 'n', 'h2', 'p', '{read}')`;
  await sql.end();
});
