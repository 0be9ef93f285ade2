// When an event loop counts as overloaded: not after one long turn, such as a large batch or the first page after a start.
import { expect, test } from "vitest";
import { useHttpServer } from "../testing/http";
import { makeAccount } from "../testing/make";
import { useTestServices } from "../testing/services";

useTestServices();
const { call } = useHttpServer();

const block = (ms: number): void => {
  const until = performance.now() + ms;
  while (performance.now() < until);
};

test("one long turn refuses nobody; turns that stay long do, until they are short again", async () => {
  const { key } = await makeAccount();
  const status = async () => (await call("GET", "/v1/tasks?limit=1", { key })).status;
  expect(await status()).toBe(200);
  block(3000);
  await new Promise((done) => setTimeout(done, 150));
  expect(await status()).toBe(200);
  let isBusy = true;
  const busy = (): void => {
    block(400);
    if (isBusy) setTimeout(busy, 0);
  };
  busy();
  await expect.poll(status, { timeout: 15_000, interval: 100 }).toBe(503);
  isBusy = false;
  await expect.poll(status, { timeout: 5000, interval: 100 }).toBe(200);
});
