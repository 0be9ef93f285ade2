// What a driver makes of a server that says "too many": it waits for as long as it is told, and then goes on.
import { expect, test } from "vitest";
import { useHttpServer } from "../testing/http";
import { makeAccount } from "../testing/make";
import { useTestServices } from "../testing/services";
import { untilAnswered } from "./backoff";
import { createClient } from "./client";
import { MLQueueError, RateLimitError } from "./errors";

useTestServices({ RATE_LIMIT_TRAFFIC: "2", RATE_LIMIT_STANDARD: "0" });
const { site } = useHttpServer();

test("a refusal for the rate is retryable, and is waited out for as long as the server says", async () => {
  const { key } = await makeAccount();
  const client = createClient({ url: site.url, apiKey: key });
  const { groupId } = await client.groups.create.mutate({ name: "a group" });
  for (let calls = 0; calls < 2; calls++) await client.groups.get.query({ groupId });
  const refusal = await client.groups.get.query({ groupId }).catch((error: unknown) => error);
  expect(refusal).toBeInstanceOf(RateLimitError);
  expect(refusal).toMatchObject({ code: "RATE_LIMIT_EXCEEDED", retryable: true });
  const { retryAfterSeconds = 0 } = refusal as RateLimitError;
  expect(retryAfterSeconds).toBeGreaterThan(50);
  expect(retryAfterSeconds).toBeLessThanOrEqual(60);

  const waits: number[] = [];
  let calls = 0;
  const answer = await untilAnswered(
    async () => {
      if (++calls === 1) return client.groups.get.query({ groupId });
      return "let in";
    },
    {
      clock: { now: Date.now, wait: async (ms) => void waits.push(ms) },
      isAgain: (error) => (error instanceof MLQueueError && error.retryable ? error : null),
    },
  );
  expect(answer).toBe("let in");
  expect(waits).toHaveLength(1);
  expect(waits[0]).toBeGreaterThan(45_000);
  expect(waits[0]).toBeLessThanOrEqual(60_000);
});
