// Live pages: what 100 open tabs cost the web server while tasks run, and how soon a tab has what changed.
import { setTimeout as wait } from "node:timers/promises";
import { createTask } from "../src/tasks/create";
import { bench, inTurn } from "./lib/bench";
import { numberFlag } from "./lib/flags";
import { cpuSeconds } from "./lib/processes";
import { openWeb, openWorker } from "./lib/programs";
import type { Figure } from "./lib/report";
import { percentile } from "./lib/statistics";
import { aTask } from "./lib/tasks";

/** What the page of tasks asks for at each hint, in one request as its client sends it. */
const ASKED: [string, unknown][] = [
  ["tasks.list", { limit: 50, offset: 0 }],
  ["tasks.counts", {}],
  ["tasks.queues", undefined],
  ["tasks.queueStatus", { queue: "default" }],
];

const pathOfPage = (): string => {
  const input = Object.fromEntries(ASKED.map(([, one], nth) => [nth, one]));
  const names = ASKED.map(([name]) => name).join(",");
  return `/api/trpc/${names}?batch=1&input=${encodeURIComponent(JSON.stringify(input))}`;
};

/** `failure`: what broke it off before it was closed. */
type Tab = { close: () => void; failure: () => unknown };

/** An open page: its stream, and what it asks for again at each batch of hints, one request at a time. */
const openTab = async (address: string, apiKey: string, onAnswer: () => void): Promise<Tab> => {
  const closing = new AbortController();
  const headers = { Authorization: `Bearer ${apiKey}` };
  const stream = await fetch(`${address}/api/trpc/live.events`, {
    headers: { ...headers, Accept: "text/event-stream" },
    signal: closing.signal,
  });
  if (!stream.ok || !stream.body) throw new Error(`The stream was answered with ${stream.status}.`);
  const path = pathOfPage();
  let asking = false;
  let again = false;
  const refresh = async (): Promise<void> => {
    again = true;
    if (asking) return;
    asking = true;
    while (again) {
      again = false;
      const answer = await fetch(`${address}${path}`, { headers, signal: closing.signal });
      if (!answer.ok) throw new Error(`The page's questions were answered with ${answer.status}.`);
      await answer.arrayBuffer();
      onAnswer();
    }
    asking = false;
  };
  let failure: unknown;
  const fail = (error: unknown): void => {
    if (!closing.signal.aborted) failure ??= error;
  };
  const read = async (body: ReadableStream<Uint8Array>): Promise<void> => {
    const decoder = new TextDecoder();
    for await (const chunk of body)
      if (decoder.decode(chunk, { stream: true }).includes('"kind"')) refresh().catch(fail);
  };
  read(stream.body).catch(fail);
  return { close: () => closing.abort(), failure: () => failure };
};

await bench("live", async (services) => {
  const tabs = numberFlag("tabs", 100);
  const seconds = numberFlag("seconds", 15);
  const perSecond = numberFlag("rate", 1);
  const rounds = numberFlag("rounds", 3);
  const web = await openWeb(services);
  await openWorker(services);
  for (let n = 0; n < 60; n++) await createTask(services.userId, aTask(n, ["true"]));
  let answers = 0;
  let onAnswer = () => {};
  const open = await Promise.all(
    Array.from({ length: tabs }, () =>
      openTab(web.address, services.apiKey, () => {
        answers++;
        onAnswer();
      }),
    ),
  );
  await wait(5000);

  const whileTasksRun = async (): Promise<number> => {
    const before = cpuSeconds(web.pid);
    const startedAt = performance.now();
    const answered = answers;
    for (let n = 0; n < seconds * perSecond; n++) {
      await createTask(services.userId, aTask(n, ["true"]));
      await wait(Math.max(0, startedAt + ((n + 1) * 1000) / perSecond - performance.now()));
    }
    const share = (100 * (cpuSeconds(web.pid) - before)) / ((performance.now() - startedAt) / 1000);
    for (const tab of open) if (tab.failure() !== undefined) throw tab.failure();
    if (answers - answered < tabs) throw new Error("The tabs asked for nothing.");
    return share;
  };

  /** Of single changes, each after a pause, the milliseconds until the last tab has its answer; most of them. */
  const toTheLastTab = async (): Promise<number> => {
    const took: number[] = [];
    for (let n = 0; n < 10; n++) {
      await wait(2500);
      let left = tabs;
      const startedAt = performance.now();
      const all = new Promise<void>((resolve) => {
        onAnswer = () => --left === 0 && resolve();
      });
      // It waits, so that it is one change.
      await createTask(services.userId, { ...aTask(n), entrypoint: undefined });
      await all;
      took.push(performance.now() - startedAt);
    }
    onAnswer = () => {};
    return percentile(took, 0.9);
  };

  const [cpu = [], last = []] = await inTurn(rounds, [whileTasksRun, toTheLastTab]);
  for (const tab of open) tab.close();
  const figures: Figure[] = [
    {
      name: `web server's CPU, ${tabs} tabs on the tasks, ${perSecond} task a second`,
      unit: "%",
      runs: cpu,
      target: { atMost: 50 },
    },
    {
      name: `from a change to the answer of the last of ${tabs} tabs, p90`,
      unit: "ms",
      runs: last,
      target: { atMost: 300 },
      explained:
        "the tabs' questions are answered one after the other by one process, and the tabs run on the same processors",
    },
  ];
  return figures;
});
