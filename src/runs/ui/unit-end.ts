// PURE. When a run that goes on should end.
import type { Run } from "../run";

/** Below this share, what is told of the progress says too little of the end; the server's plan has the same bound. */
const DONE_MIN = 0.05;

/** When it ends if it goes on as fast as until now. @returns ms since 1970, null while nobody can say */
export const endOf = (run: Pick<Run, "progress" | "startedAt">, nowMs: number): number | null => {
  if (!run.progress || run.startedAt === null || run.progress.total <= 0) return null;
  const share = Math.min(1, run.progress.done / run.progress.total);
  if (share < DONE_MIN) return null;
  const elapsed = nowMs - Date.parse(run.startedAt);
  return nowMs + (elapsed * (1 - share)) / share;
};
