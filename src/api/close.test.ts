// A server that closes does not wait for streams that would never end.
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { closeLiveHub } from "../platform/live-hub";
import { useHttpServer } from "../testing/http";
import { makeAccount } from "../testing/make";
import { useTestServices } from "../testing/services";
import { makeHttpServer } from "./http";

useTestServices();
const { call } = useHttpServer();

test("a stream of logs over REST ends at once, not after the time that answers under way are given", async () => {
  const { key } = await makeAccount();
  const { json } = await call("POST", "/v1/tasks", { key, body: { name: "a", config: {} } });
  const { server, close } = makeHttpServer(null);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const response = await fetch(`http://127.0.0.1:${port}/v1/tasks/${json.task_id}/logs?follow=1`, {
    headers: { Authorization: `Bearer ${key}` },
  });
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  const startedAt = performance.now();
  const ended = response.text().catch(() => "cut off");
  await close(10_000);
  await ended;
  expect(performance.now() - startedAt).toBeLessThan(5000);
  closeLiveHub();
});
