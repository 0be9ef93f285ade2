// Looks twice a second whether what waits in PostgreSQL stands in Redis as well, or is on offer to a worker just now.
import { type Cluster, PREFIX } from "./cluster";
import type { History } from "./history";
import { pause } from "./seeded";

/** An offer may last 2 s, and the repair looks each second. */
const MISSED_MS = 6000;
/** The comparison of everything comes each 30 s: until then a lost set may be incomplete. */
const DISTURBED_MS = 36_000;

/** @returns ends it */
export const startSampler = (cluster: Cluster, history: History): (() => Promise<void>) => {
  let isOver = false;
  const since = new Map<string, number>();
  const said = new Set<string>();
  const look = async () => {
    const rows = await cluster.sql<{ task_id: string; queue: string; class: string }[]>`
      SELECT task_id, queue, class FROM ready_tasks LIMIT 2000`;
    const offered = new Set(await cluster.redis.zrange(`${PREFIX}claiming`, "0", "-1"));
    const scores = cluster.redis.pipeline();
    for (const row of rows) scores.zscore(`${PREFIX}ready:${encodeURIComponent(row.queue)}|${row.class}`, row.task_id);
    const answers = (await scores.exec()) ?? [];
    const missing = new Set(
      rows.flatMap(({ task_id: id }, index) => (answers[index]?.[1] === null && !offered.has(id) ? [id] : [])),
    );
    const now = Date.now();
    for (const id of since.keys()) if (!missing.has(id)) since.delete(id);
    if (history.isDisturbed(now, ["redis", "postgres"], 0)) return since.clear();
    for (const id of missing) {
      const from = since.get(id) ?? now;
      since.set(id, from);
      const limit = history.mayLack(now, DISTURBED_MS) ? DISTURBED_MS : MISSED_MS;
      if (now - from > limit && !said.has(id)) {
        said.add(id);
        history.missed.push({ taskId: id, at: now, ms: now - from });
      }
    }
  };
  const loop = async () => {
    while (!isOver) {
      // One of the two is just being restarted: the next look tells.
      await look().catch(() => since.clear());
      await pause(500);
    }
  };
  const looping = loop();
  return async () => {
    isOver = true;
    await looping;
  };
};
