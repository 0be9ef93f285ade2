/**
 * How long until a newly queued task would start: the work that is there, spread over the slots.
 *
 * @param waiting       tasks ahead that workers will run
 * @param running       tasks that run now; on average each is half done
 * @param meanSeconds   measured mean duration; null when nothing has ended yet
 * @param slots         of all live workers, 0..
 * @returns whole seconds, or null when nobody can say: no worker, or nothing measured while something waits
 */
export const estimateWait = (
  waiting: number,
  running: number,
  meanSeconds: number | null,
  slots: number,
): number | null => {
  if (slots === 0) return null;
  if (waiting === 0 && running < slots) return 0;
  if (meanSeconds === null) return null;
  return Math.round(((waiting + running / 2) * meanSeconds) / slots);
};
