// Reading with a million tasks stored: pages, a position, the state of a queue.
import { getSql } from "../src/platform/db";
import { getTask } from "../src/tasks/list";
import { bench } from "./lib/bench";
import { numberFlag } from "./lib/flags";
import { ask } from "./lib/load";
import { openWeb } from "./lib/programs";
import type { Figure, Target } from "./lib/report";
import { addAccount } from "./lib/services";
import { percentile } from "./lib/statistics";
import { storeTasks } from "./lib/stored-tasks";

const P95 = 0.95;

const MIN_CALLS = 5;
/** A figure far beyond its bound is known after some calls. */
const ROUND_MS = 2000;

/** @returns milliseconds of each call */
const timed = async (calls: number, call: () => Promise<number>): Promise<number[]> => {
  const took: number[] = [];
  const until = performance.now() + ROUND_MS;
  while (took.length < calls && (took.length < MIN_CALLS || performance.now() < until)) took.push(await call());
  return took;
};

/** @returns one p95 per round */
const p95Of = async (rounds: number, calls: number, call: () => Promise<number>): Promise<number[]> => {
  // Connections are opened and plans are made.
  await timed(MIN_CALLS * 2, call);
  const runs: number[] = [];
  for (let round = 0; round < rounds; round++) runs.push(percentile(await timed(calls, call), P95));
  return runs;
};

await bench("list", async (services) => {
  const rounds = numberFlag("rounds", 5);
  const calls = numberFlag("calls", 40);
  const stored = numberFlag("tasks", 1_000_000);
  const queued = Math.round(stored / 5);
  const allQueued = await addAccount("all-queued");
  await storeTasks(
    services,
    new Map([
      [services.userId, { ended: stored - queued - 10, running: 10, queued }],
      [allQueued.userId, { ended: 0, running: 0, queued }],
    ]),
  );
  const web = await openWeb(services);
  const figures: Figure[] = [];
  const get =
    (path: string, apiKey = services.apiKey) =>
    async () =>
      (await ask(`${web.address}${path}`, apiKey)).ms;
  const measure = async (
    name: string,
    target: Target,
    call: () => Promise<number>,
    more: Pick<Figure, "kind" | "explained"> = {},
  ) => {
    const runs = await p95Of(rounds, calls, call);
    figures.push({ name: `${name}, p95`, unit: "ms", runs, target, ...more });
  };
  const measurePage = (name: string, query: string, apiKey?: string) =>
    measure(name, { atMost: 20 }, get(`/v1/tasks${query}`, apiKey), {
      kind: `list pages of ${stored.toLocaleString("en-US")} tasks, p95`,
    });
  const measureSearch = (name: string, query: string) =>
    measure(name, { atMost: 20 }, get(`/v1/tasks${query}`), {
      kind: "searches by a part of the name, p95",
      explained: "a part of a name is looked for row by row, newest first, until a page is full",
    });
  await measurePage("list page, newest first", "");
  for (const status of ["queued", "running", "failed", "completed", "failed,queued"])
    await measurePage(`list page, status=${status}`, `?status=${status}`);
  for (const sort of ["priority", "name", "started_at", "completed_at"])
    await measurePage(`list page, sort=${sort}`, `?sort=${sort}`);
  await measurePage("list page, status=failed, sort=priority", "?status=failed&sort=priority");
  await measureSearch("search, one name in a hundred", "?q=rare");
  await measureSearch("search, every name", "?q=resnet");
  await measureSearch("search, no name", "?q=nowhere");
  const { apiKey } = allQueued;
  await measurePage("account with queued tasks only: newest first", "", apiKey);
  await measurePage("account with queued tasks only: status=queued", "?status=queued", apiKey);
  await measurePage("account with queued tasks only: status=failed", "?status=failed", apiKey);

  const [middle] = await getSql()<{ task_id: string }[]>`
    SELECT task_id FROM ready_tasks WHERE user_id = ${services.userId} ORDER BY place OFFSET ${Math.floor(queued / 2)} LIMIT 1`;
  const taskId = middle?.task_id ?? "";
  await measure("queue position of a task in the middle, the verb", { atMost: 2 }, async () => {
    const startedAt = performance.now();
    await getTask(services.userId, taskId);
    return performance.now() - startedAt;
  });
  await measure("the same through GET /v1/tasks/:id", { atMost: 20 }, get(`/v1/tasks/${taskId}`));
  await measure("queue status", { atMost: 10 }, get("/v1/queue/status"));
  return figures;
});
