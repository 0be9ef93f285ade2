// The tasks that are measured: as small and as large as a training's usually is.
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
