// How far a run is, where its config says how many rounds there are and its metrics say which one it is in.

const PAIRS = [
  { total: ["epochs", "num_epochs", "n_epochs", "max_epochs"], word: "epoch" },
  { total: ["steps", "num_steps", "max_steps", "total_steps"], word: "step" },
  { total: ["iterations", "num_iterations", "max_iterations", "iters", "rounds", "episodes"], word: "iteration" },
] as const;

export type ProgressWord = (typeof PAIRS)[number]["word"];
export type Goal = { total: number; word: ProgressWord };
export type Progress = Goal & { done: number; share: number };

/** @returns null when the config names no number of rounds */
export const goalOf = (config: Record<string, unknown>): Goal | null => {
  for (const { total, word } of PAIRS)
    for (const name of total) {
      const value = config[name];
      if (typeof value === "number" && Number.isInteger(value) && value > 0) return { total: value, word };
    }
  return null;
};

/** The last step of the metrics; null before the first one, or where steps count something else than the goal. */
export const progressOf = (goal: Goal, metrics: Record<string, { step: number; value: number }[]>): Progress | null => {
  const named = metrics[goal.word]?.at(-1)?.value;
  const steps = Object.values(metrics).flatMap((points) => points.at(-1)?.step ?? []);
  const done = named ?? (steps.length > 0 ? Math.max(...steps) : null);
  if (done === null || done < 0 || done > goal.total) return null;
  return { ...goal, done, share: done / goal.total };
};
