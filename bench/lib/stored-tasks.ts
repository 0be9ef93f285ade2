// A million stored tasks, written straight into the tables, with counters and Redis as the verbs would have left them.
import { getSql } from "../../src/platform/db";
import { getRedis } from "../../src/platform/redis";
import { rebuildIfLost } from "../../src/tasks/reconcile";
import type { BenchServices } from "./services";

/** How many tasks of each status an account gets, oldest first: ended ones, running ones, queued ones. */
export type Shape = { ended: number; running: number; queued: number };

/** Of ten ended tasks one failed and one of the others was cancelled. Every hundredth name holds `rare`, every one `resnet`. */
const insertTasks = async (userId: string, { ended, running, queued }: Shape): Promise<void> => {
  const sql = getSql();
  const all = ended + running + queued;
  const step = 100_000;
  for (let from = 1; from <= all; from += step)
    await sql`
      INSERT INTO tasks (id, user_id, queue, name, config, metadata, tags, priority, place, status, attempt, seq, entrypoint, class, result, error_message,
        error_kind, worker_id, outcome, created_at, queued_at, started_at, completed_at, updated_at)
      SELECT 'task_' || lpad(to_hex(s.turn), 8, '0') || substr(md5(s.turn::text), 1, 14), ${userId}, 'default',
        'resnet_lr_' || n || CASE WHEN n % 100 = 0 THEN '_rare' ELSE '' END,
        jsonb_build_object('model', 'resnet50', 'lr', 0.001 * (n % 17), 'batch_size', 64, 'epochs', 100), '{}', '{bench}',
        n / 10 % 10, (1000000 - n / 10 % 10) * 4294967296 + s.turn, s.status, CASE WHEN s.status = 'queued' THEN 0 ELSE 1 END, s.turn, 'train_digits.mjs', 'g0c0m0',
        CASE WHEN s.status = 'completed' THEN '{"accuracy": 0.91, "loss": 0.31}'::jsonb END,
        CASE s.status WHEN 'failed' THEN 'exit code 1' WHEN 'cancelled' THEN 'cancelled' END, CASE WHEN s.status = 'failed' THEN 'exit' END,
        CASE WHEN s.status = 'queued' THEN NULL ELSE 'bench-1' END, CASE WHEN s.status IN ('queued', 'running') THEN NULL ELSE s.status END,
        s.at, s.at, CASE WHEN s.status = 'queued' THEN NULL ELSE s.at + interval '5 seconds' END,
        CASE WHEN s.status IN ('queued', 'running') THEN NULL ELSE s.at + interval '65 seconds' END, s.at + interval '65 seconds'
      FROM (
        SELECT n, nextval('task_turns') AS turn, now() - (${all} - n) * interval '1 second' AS at,
          CASE WHEN n > ${ended + running} THEN 'queued' WHEN n > ${ended} THEN 'running' WHEN n % 10 = 0 THEN 'failed' WHEN n % 10 = 5 THEN 'cancelled' ELSE 'completed' END AS status
        FROM generate_series(${from}::int, ${Math.min(all, from + step - 1)}::int) AS n) AS s`;
};

const insertRest = async (): Promise<void> => {
  const sql = getSql();
  await sql`INSERT INTO ready_tasks (task_id, queue, user_id, class, place, changed_at) SELECT id, queue, user_id, class, place, now() - interval '1 hour' FROM tasks WHERE status = 'queued'`;
  await sql`
    INSERT INTO task_attempts (task_id, attempt, worker_id, worker_epoch, boot_id, pid_namespace, claim_token, started_at, ended_at, outcome, exit_code)
    SELECT id, attempt, worker_id, 1, 'bench', 'bench', 'bench', started_at, completed_at,
      CASE status WHEN 'completed' THEN 'succeeded' WHEN 'running' THEN NULL ELSE status END, CASE status WHEN 'completed' THEN 0 WHEN 'failed' THEN 1 END
    FROM tasks WHERE attempt > 0`;
  await sql`INSERT INTO task_counts (user_id, queue, status, count) SELECT user_id, queue, status, count(*) FROM tasks GROUP BY 1, 2, 3`;
};

/**
 * Stores tasks of several accounts in empty tables.
 *
 * The tables are vacuumed as autovacuum leaves them some minutes later, so that a plan does not depend on when it is made.
 */
export const storeTasks = async ({ redisPrefix }: BenchServices, shapes: Map<string, Shape>): Promise<void> => {
  for (const [userId, shape] of shapes) await insertTasks(userId, shape);
  await insertRest();
  await getSql()`VACUUM (ANALYZE) tasks, ready_tasks, task_attempts, task_counts, task_count_deltas`;
  await getRedis().del(`${redisPrefix}epoch`);
  if (!(await rebuildIfLost())) throw new Error("The order of the stored tasks was not rebuilt in Redis.");
};
