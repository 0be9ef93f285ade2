// The tasks that are measured: as small and as large as a training's usually is.
import { getSql } from "../../src/platform/db";
import { type NewTask, newTask } from "../../src/tasks/input";

const config = (n: number) => ({ model: "resnet50", lr: 0.001 * (n % 17), batch_size: 64, epochs: 100 });

/** What a client posts. Its entrypoint is one of examples/, so that a server accepts it. */
export const taskBody = (n: number) => ({
  name: `lr_${n}`,
  config: config(n),
  priority: n % 10,
  entrypoint: "train_digits.mjs",
  tags: ["bench"],
});

/** The same for a verb. @param command what it runs in place of the training */
export const aTask = (n: number, command?: string[]): NewTask => {
  const { entrypoint, ...rest } = taskBody(n);
  return newTask.parse(command ? { ...rest, command } : { ...rest, entrypoint });
};

/** Looks often, at what an index answers: a count would take from what is measured. @throws unless all of them completed */
export const untilEnded = async (count: number): Promise<void> => {
  const sql = getSql();
  for (;;) {
    const [row] = await sql<{ is_any: boolean }[]>`
      SELECT EXISTS (SELECT 1 FROM ready_tasks) OR EXISTS (SELECT 1 FROM task_attempts WHERE ended_at IS NULL) AS is_any`;
    if (row?.is_any === false) break;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const [row] = await sql<{ completed: number }[]>`SELECT count(*) AS completed FROM tasks WHERE outcome = 'completed'`;
  if (row?.completed !== count) throw new Error(`Only ${row?.completed} of ${count} programs completed.`);
};
