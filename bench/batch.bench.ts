// Batch creates through HTTP, one after the other, against a bare INSERT of the same rows (and graphile-worker's, with --peers).
import { randomBytes } from "node:crypto";
import type postgres from "postgres";
import { getSql } from "../src/platform/db";
import { bench, inTurn } from "./lib/bench";
import { hasFlag, numberFlag } from "./lib/flags";
import { ask } from "./lib/load";
import { installPeers } from "./lib/peers";
import { openWeb } from "./lib/programs";
import type { Figure } from "./lib/report";
import { forgetTasks } from "./lib/services";
import { taskBody } from "./lib/tasks";

const bodies = (count: number) => Array.from({ length: count }, (_, n) => taskBody(n));

const bareInsert = (userId: string, tasks: ReturnType<typeof bodies>): postgres.PendingQuery<postgres.Row[]> => {
  const column = <T>(pick: (task: (typeof tasks)[number]) => T) => tasks.map(pick);
  return getSql()`
    INSERT INTO bare_tasks (id, user_id, queue, name, config, metadata, tags, priority, place, status, seq, entrypoint, class, queued_at)
    SELECT id, ${userId}, 'default', name, config::jsonb, '{}', '{bench}', priority, (1000000 - priority::int8) * 4294967296 + turn, 'queued', turn, entrypoint, 'g0c0m0', now()
    FROM (SELECT *, nextval('task_turns') AS turn FROM unnest(
      ${tasks.map(() => `task_${randomBytes(11).toString("hex")}`)}::text[], ${column((task) => task.name)}::text[], ${column((task) => JSON.stringify(task.config))}::text[],
      ${column((task) => task.priority)}::int[], ${column((task) => task.entrypoint)}::text[]) AS u(id, name, config, priority, entrypoint)) AS given`;
};

await bench("batch", async (services) => {
  const rounds = numberFlag("rounds", 5);
  const total = numberFlag("tasks", 50_000);
  await getSql()`CREATE TABLE bare_tasks (LIKE tasks INCLUDING ALL)`;
  const web = await openWeb(services);
  const peers = hasFlag("peers") ? await installPeers() : null;

  /** Posts the same batch until all tasks are there. @returns tasks per second */
  const perSecond = async (size: number, send: () => Promise<unknown>): Promise<number> => {
    await forgetTasks(services);
    await getSql()`TRUNCATE bare_tasks`;
    await send();
    const startedAt = performance.now();
    const batches = Math.ceil(total / size);
    for (let n = 0; n < batches; n++) await send();
    return (batches * size) / ((performance.now() - startedAt) / 1000);
  };

  const figures: Figure[] = [];
  for (const size of [1000, 10_000]) {
    const tasks = bodies(size);
    const body = JSON.stringify({ tasks });
    const [runs = [], bareRuns = [], peerRuns = []] = await inTurn(rounds, [
      () => perSecond(size, () => ask(`${web.address}/v1/tasks/batch`, services.apiKey, { method: "POST", body })),
      () => perSecond(size, () => bareInsert(services.userId, tasks)),
      ...(peers ? [() => peers.graphileBulk(total)] : []),
    ]);
    const name = `batch create through HTTP, ${size.toLocaleString("en-US")} a batch`;
    figures.push({ name, unit: "/s", runs, limit: { name: "bare INSERT of the same rows, no HTTP", runs: bareRuns } });
    if (peers)
      figures.push({
        name,
        unit: "/s",
        runs,
        limit: { name: "graphile-worker's addJobs, 1,000 a batch, no HTTP", runs: peerRuns },
        target: { atLeastTimes: size === 1000 ? 1.2 : 2 },
        explained:
          "the bare INSERT of the same rows is the limit: `tasks` has the indexes that its lists need; beside it a batch is parsed, checked, and put in its queue",
      });
  }
  return figures;
});
