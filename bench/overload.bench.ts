// Slow and too many clients against the built server: what the others wait, what is cut and when, and how soon it is over.
import { setTimeout as wait } from "node:timers/promises";
import { openSlowClients, quantile, requestBytes, sendAtRate, sendInTurn } from "../src/testing/load";
import { bench } from "./lib/bench";
import { numberFlag } from "./lib/flags";
import { openWeb } from "./lib/programs";
import { taskBody } from "./lib/tasks";

/** The longest time limit, for headers and body, and the time until it is looked for. */
const CUT_AFTER_SECONDS = 310;

await bench("overload", async (services) => {
  const seconds = numberFlag("seconds", 20);
  const slowSeconds = numberFlag("slow", CUT_AFTER_SECONDS);
  const web = await openWeb(services, { LOG_LEVEL: "warn" });
  const port = Number(new URL(web.address).port);
  const list = requestBytes("GET", "/v1/tasks?limit=1", services.apiKey);
  const create = requestBytes("POST", "/v1/tasks", services.apiKey, taskBody(1));

  const slow = await openSlowClients(port, services.apiKey, { heads: 700, bodies: 700, idle: 600 });
  const meanwhile = await sendInTurn(port, list, { connections: 4, seconds: slowSeconds });
  const left = slow.open();
  slow.stop();

  const measured = await sendInTurn(port, create, { connections: 64, seconds });
  const canDo = (measured.statuses[201] ?? 0) / seconds;
  const over = await sendAtRate(port, create, { perSecond: canDo * 2, seconds, connections: 5000 });
  const others = Object.entries(over.statuses).filter(([status]) => !["201", "429", "503"].includes(status));
  const startedAt = performance.now();
  for (;;) {
    const { statuses, latencies } = await sendInTurn(port, list, { connections: 4, seconds: 0.25 });
    if (statuses[503] === undefined && quantile(latencies, 0.99) < 500) break;
    await wait(50);
  }
  const backSeconds = (performance.now() - startedAt) / 1000;
  const sent = Object.values(over.statuses).reduce((sum, count) => sum + count, over.resets);
  const wrong = others.reduce((sum, [, count]) => sum + count, over.resets);
  const refused = over.statuses[503] ?? 0;
  return [
    {
      name: "p99 of others beside 2,000 slow clients",
      unit: "ms",
      runs: [quantile(meanwhile.latencies, 0.99)],
      target: { atMost: 500 },
    },
    {
      name: "slow clients that were not cut",
      unit: "%",
      runs: [(left / 2000) * 100],
      ...(slowSeconds >= CUT_AFTER_SECONDS && { target: { atMost: 0 } }),
    },
    { name: "creates that it can do", unit: "/s", runs: [canDo] },
    { name: "at twice that: created", unit: "/s", runs: [(over.statuses[201] ?? 0) / seconds] },
    { name: "at twice that: refused with 503", unit: "%", runs: [(refused / sent) * 100] },
    {
      name: "at twice that: reset, or answered otherwise",
      unit: "%",
      runs: [(wrong / sent) * 100],
      target: { atMost: 0 },
    },
    { name: "at twice that: until all is as before", unit: "s", runs: [backSeconds], target: { atMost: 5 } },
  ];
});
