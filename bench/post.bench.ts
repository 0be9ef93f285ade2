// Single creates: our server against a bare one that does the same INSERT and ZADD, 50 connections.
import path from "node:path";
import { fileURLToPath } from "node:url";
import { getSql } from "../src/platform/db";
import { bench, inTurn } from "./lib/bench";
import { numberFlag } from "./lib/flags";
import { requestsPerSecond } from "./lib/load";
import { openBare, openWeb } from "./lib/programs";
import { forgetTasks } from "./lib/services";
import { taskBody } from "./lib/tasks";

const CONNECTIONS = 50;
const WARM_UP_SECONDS = 2;

await bench("post", async (services) => {
  const rounds = numberFlag("rounds", 5);
  const seconds = numberFlag("seconds", 5);
  await getSql()`CREATE TABLE bare_tasks (LIKE tasks INCLUDING ALL)`;
  const web = await openWeb(services);
  const bare = await openBare(services, path.join(path.dirname(fileURLToPath(import.meta.url)), "bare-server.mjs"));
  const measure = async (address: string, duration: number) => {
    await forgetTasks(services);
    await getSql()`TRUNCATE bare_tasks`;
    return requestsPerSecond({
      address,
      method: "POST",
      apiKey: services.apiKey,
      connections: CONNECTIONS,
      seconds: duration,
      body: taskBody(1),
    });
  };
  const ours = `${web.address}/v1/tasks`;
  for (const address of [ours, bare.address]) await measure(address, WARM_UP_SECONDS);
  const [runs = [], limitRuns = []] = await inTurn(rounds, [
    () => measure(ours, seconds),
    () => measure(bare.address, seconds),
  ]);
  const limit = { name: "bare server, one INSERT and ZADD", runs: limitRuns };
  return [
    { name: "single POST /v1/tasks, 50 connections", unit: "/s", runs, limit, target: { atLeastTimes: 0.8 } },
    { name: "the same, with inserts coalesced", unit: "/s", runs, limit, target: { atLeastTimes: 1.5 } },
  ];
});
