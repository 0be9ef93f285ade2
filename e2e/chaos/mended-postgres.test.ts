// What the bundles' copy of postgres.js does when a connection closes under a transaction: nothing may end the process or hang.
import { build } from "esbuild";
import type postgres from "postgres";
import { afterAll, beforeAll, expect, test } from "vitest";
import { mendedPostgres } from "../../scripts/lib/mended-postgres.mjs";
import { Network } from "./network";
import { pause } from "./seeded";

let network: Network;
let sql: postgres.Sql;

beforeAll(async () => {
  const { outputFiles } = await build({
    stdin: { contents: `export { default } from "postgres";`, resolveDir: import.meta.dirname },
    bundle: true,
    write: false,
    format: "esm",
    platform: "node",
    packages: "external",
    plugins: mendedPostgres(),
  });
  const source = Buffer.from(outputFiles[0]?.contents ?? "").toString("base64");
  const { default: open } = (await import(`data:text/javascript;base64,${source}`)) as { default: typeof postgres };
  const url = new URL(String(process.env.TEST_DATABASE_URL));
  const port = Number(url.port);
  network = await Network.open(() => port);
  url.port = String(network.port);
  sql = open(url.href, { max: 2, backoff: () => 0.02, connect_timeout: 2, onnotice: () => {} });
});

afterAll(async () => {
  await sql.end({ timeout: 1 });
  await network.close();
});

/** Both connections of the pool are usable: a third statement waits, and none is lost. */
const expectWholePool = async () => {
  const answers = await Promise.all(Array.from({ length: 5 }, (_, n) => sql`SELECT ${n}::int AS n, pg_sleep(0.05)`));
  expect(answers.map(([row]) => row?.n)).toEqual([0, 1, 2, 3, 4]);
};

test("a statement that comes to a transaction after its connection closed is refused, and the pool stays whole", async () => {
  for (let rounds = 0; rounds < 4; ) {
    let late: Promise<unknown> | undefined;
    const transaction = sql.begin(async (tx) => {
      await tx`SELECT 1`;
      network.cut();
      await pause(60);
      // As the pool goes on with that connection; its others were cut as well, so this may be refused.
      await sql`SELECT 2`.catch(() => {});
      late = tx`SELECT 3`.then(() => "ran");
      await late;
    });
    await expect(transaction).rejects.toMatchObject({ code: expect.stringMatching(/CONNECTION_CLOSED|ECONNRESET/) });
    await pause(150);
    // Refused before it came to the cut, as the pool noticed the last one only now.
    if (late === undefined) continue;
    rounds++;
    await expect(late).rejects.toMatchObject({ code: "CONNECTION_CLOSED" });
  }
  await expectWholePool();
});

test("what waits on a reserved connection is answered when it closes, and it is given back", async () => {
  for (let round = 0; round < 4; round++) {
    const reserved = await sql.reserve();
    const waiting = [
      reserved`BEGIN`,
      reserved`SELECT pg_sleep(5), ${round}::int`,
      reserved`SELECT ${round}::int`,
      reserved`COMMIT`,
    ];
    const ends = Promise.allSettled(waiting);
    await pause(60);
    network.cut();
    const answers = await Promise.race([ends, pause(3000).then(() => "hangs")]);
    expect(answers).not.toBe("hangs");
    await expect(reserved`SELECT 1`).rejects.toMatchObject({ code: "CONNECTION_CLOSED" });
    reserved.release();
  }
  await expectWholePool();
});

test("a connection that closes while it asks for the types of arrays refuses who waits for it, and no one else", async () => {
  const unhandled: unknown[] = [];
  const note = (error: unknown) => unhandled.push(error);
  process.on("unhandledRejection", note);
  network.cut();
  await pause(100);
  network.watch((bytes) => (bytes.includes("pg_catalog.pg_type") ? "cut" : "pass"));
  await expect(sql`SELECT 1`).rejects.toMatchObject({ code: expect.stringMatching(/CONNECTION_CLOSED|ECONNRESET/) });
  network.watch(undefined);
  await pause(50);
  process.off("unhandledRejection", note);
  expect(unhandled).toEqual([]);
  await expectWholePool();
});

test("statements one after the other run on one connection, which has parsed and planned them", async () => {
  await expectWholePool();
  const pids = new Set<number>();
  for (let n = 0; n < 20; n++) {
    const [row] = await sql<{ pid: number }[]>`SELECT pg_backend_pid() AS pid`;
    pids.add(Number(row?.pid));
    const reserved = await sql.reserve();
    const [again] = await reserved<{ pid: number }[]>`SELECT pg_backend_pid() AS pid`;
    pids.add(Number(again?.pid));
    reserved.release();
  }
  expect(pids.size).toBe(1);
  await expectWholePool();
});
