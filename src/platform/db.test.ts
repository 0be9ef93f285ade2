import { expect, test } from "vitest";
import { useTestServices } from "../testing/services";
import { getSql, inOneTrip } from "./db";

useTestServices();

test("statements in one trip are one transaction, each after the one before", async () => {
  const sql = getSql();
  await sql`CREATE TABLE trips (n int PRIMARY KEY)`;
  const [made, counted] = await inOneTrip<[{ n: number }[], { count: number }[]]>((trip) => [
    trip<{ n: number }[]>`INSERT INTO trips SELECT generate_series(1, 3) RETURNING n`,
    trip<{ count: number }[]>`SELECT count(*) FROM trips`,
  ]);
  expect([made.length, counted[0]?.count]).toEqual([3, 3]);

  // The connection goes back whole: many failures leave as many as there were.
  for (let tries = 0; tries < 30; tries++)
    await expect(
      inOneTrip((trip) => [trip`INSERT INTO trips VALUES (9)`, trip`INSERT INTO trips VALUES (1)`, trip`SELECT 1`]),
    ).rejects.toMatchObject({ code: "23505" });
  expect(await sql`SELECT n FROM trips ORDER BY n`).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }]);
});

test("in one trip, what follows a lock sees what the lock waited for", async () => {
  const sql = getSql();
  await sql`CREATE TABLE gates (id int PRIMARY KEY)`;
  await sql`CREATE TABLE counted (n int)`;
  await sql`INSERT INTO gates VALUES (1)`;
  let asked: Promise<readonly unknown[]> | undefined;
  await sql.begin(async (holder) => {
    await holder`SELECT FROM gates WHERE id = 1 FOR UPDATE`;
    asked = inOneTrip((trip) => [
      trip`SELECT FROM gates WHERE id = 1 FOR UPDATE`,
      trip<{ count: number }[]>`SELECT count(*) FROM counted`,
    ]);
    await expect
      .poll(() => sql`SELECT 1 FROM pg_locks WHERE NOT granted AND pid <> pg_backend_pid()`.then((rows) => rows.length))
      .toBeGreaterThan(0);
    await holder`INSERT INTO counted VALUES (1)`;
  });
  expect((await asked)?.[1]).toEqual([{ count: 1 }]);
});
