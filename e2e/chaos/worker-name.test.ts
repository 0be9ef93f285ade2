// The lock on a worker's name is its session's. A session that PostgreSQL does not know to be dead yet still holds it.
import { expect, test } from "vitest";
import { useTestServices } from "../../src/testing/services";
import { useWorkers } from "../../src/testing/worker-process";
import { Network } from "./network";
import { pause } from "./seeded";

useTestServices();
const workers = useWorkers();

/** A heartbeat each 5 s. */
const TWO_HEARTBEATS_MS = 11_000;

test("a worker whose connections are lost goes on, though its old session still holds its name", {
  timeout: 60_000,
}, async () => {
  const url = new URL(String(process.env.DATABASE_URL));
  const port = Number(url.port);
  const network = await Network.open(() => port);
  url.port = String(network.port);
  const worker = await workers.start({ DATABASE_URL: url.href, WORKER_NAME: "lost-and-found" });
  network.lose(2 * TWO_HEARTBEATS_MS);
  await pause(TWO_HEARTBEATS_MS);
  expect(worker.log()).not.toContain("another process took this worker's name");
  expect(worker.child.exitCode).toBeNull();
  await worker.kill();
  await network.close();
});
