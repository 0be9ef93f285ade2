// PURE. When each waiting run will start and end, by letting the drivers' slots work through the list many times.
import { type DrawSeconds, durationsFor, type Measured, type Work } from "./run-duration";
import { normal, type Random, seededRandom } from "./seeded-random";

/** Seconds from now. The true time is at most p50 in half of all cases, at most p90 in nine of ten. */
export type Band = { p50: number; p90: number };
export type RunEstimate = { runId: string; start: Band; end: Band };

export type RunningRun = {
  elapsedSeconds: number;
  work: Work | null;
  /** share that is done, 0..1, as its driver told; null when it tells none */
  done: number | null;
};
export type WaitingRun = { runId: string; work: Work | null };

export type Situation = {
  /** of the unit, newest first; the first 200 count */
  measured: Measured[];
  running: RunningRun[];
  /** in the order in which they will be claimed, without those that cannot be */
  waiting: WaitingRun[];
  /** runs that all connected drivers together work on at once */
  slots: number;
};

const MEASURED_MAX = 200;
/** The quantiles of 400 trials are off by 2 to 3 hundredths; fewer for long lists, so that 10,000 runs take well below a second. */
const TRIALS = 400;
const DRAWS_MAX = 1_000_000;
/** What a running run tells of its progress counts from here on. */
const DONE_MIN = 0.05;
const REDRAWS = 8;

/** Seconds that a running run still needs. Of the durations drawn, only those count that it has not passed. */
const remainingOf = (run: RunningRun, drawn: DrawSeconds | null, random: Random, luck: number): number => {
  const { elapsedSeconds, done } = run;
  if (done !== null && done >= DONE_MIN)
    return ((elapsedSeconds * Math.max(0, 1 - done)) / done) * Math.exp(0.1 * normal(random));
  if (drawn === null) return elapsedSeconds;
  for (let i = 0; i < REDRAWS; i++) {
    const left = drawn(random, luck) - elapsedSeconds;
    if (left > 0) return left;
  }
  // It has run for longer than what was measured: likely it needs a good part of that again.
  return elapsedSeconds * 0.25 * random();
};

/** Takes the slot that is free first, for so long. @param free times at which slots are free, a heap with the earliest at 0 */
const takeSlot = (free: number[], seconds: number): { start: number; end: number } => {
  const start = free[0] ?? 0;
  const end = start + seconds;
  let at = 0;
  for (;;) {
    const left = 2 * at + 1;
    const right = left + 1;
    const child = (free[right] ?? Number.POSITIVE_INFINITY) < (free[left] ?? Number.POSITIVE_INFINITY) ? right : left;
    const next = free[child];
    if (next === undefined || next >= end) break;
    free[at] = next;
    at = child;
  }
  free[at] = end;
  return { start, end };
};

const bandOf = (samples: Float64Array): Band => {
  samples.sort();
  const at = (share: number) => samples[Math.min(samples.length - 1, Math.floor(share * samples.length))] ?? 0;
  return { p50: at(0.5), p90: at(0.9) };
};

/**
 * Lets the slots take the waiting runs in order, once per trial; each trial draws a duration for each run. A run that runs beyond
 * the number of slots (a driver was heard of no more) holds none.
 *
 * @param onRun is told of each waiting run in each trial
 * @returns the number of trials; null when nobody can say: no slot, or nothing measured yet
 */
const simulate = (
  situation: Situation,
  seed: number,
  onRun: (trial: number, nth: number, start: number, end: number) => void,
): number | null => {
  const { waiting, slots } = situation;
  const drawFor = durationsFor(situation.measured.slice(0, MEASURED_MAX));
  if (slots < 1 || drawFor(null) === null) return null;
  const running = situation.running.slice(0, slots).map((run) => ({ run, drawn: drawFor(run.work) }));
  const draws = waiting.map((run) => drawFor(run.work));
  const trials = trialsFor(waiting.length);
  const random = seededRandom(seed);
  for (let trial = 0; trial < trials; trial++) {
    const luck = normal(random);
    const busy = running.map(({ run, drawn }) => remainingOf(run, drawn, random, luck)).sort((a, b) => a - b);
    // sorted, so a heap: the free slots come first
    const free = [...new Array<number>(slots - busy.length).fill(0), ...busy];
    for (let nth = 0; nth < draws.length; nth++) {
      const { start, end } = takeSlot(free, draws[nth]?.(random, luck) ?? 0);
      onRun(trial, nth, start, end);
    }
  }
  return trials;
};

const trialsFor = (waiting: number): number =>
  Math.max(50, Math.min(TRIALS, Math.floor(DRAWS_MAX / Math.max(1, waiting))));

/** Start and end of each waiting run. @returns null when nobody can say */
export const estimateRuns = (situation: Situation, seed = 1): RunEstimate[] | null => {
  const { waiting } = situation;
  const trials = trialsFor(waiting.length);
  const starts = waiting.map(() => new Float64Array(trials));
  const ends = waiting.map(() => new Float64Array(trials));
  const told = simulate(situation, seed, (trial, nth, start, end) => {
    (starts[nth] as Float64Array)[trial] = start;
    (ends[nth] as Float64Array)[trial] = end;
  });
  if (told === null) return null;
  return waiting.map(({ runId }, nth) => ({
    runId,
    start: bandOf(starts[nth] as Float64Array),
    end: bandOf(ends[nth] as Float64Array),
  }));
};

/**
 * The last waiting runs taken together, as a sweep's are: when all of them have ended, and for how long they run in all. Not the end
 * of the last in line, which on several slots may end before another.
 *
 * @param from number of the first of them among the waiting runs
 * @returns null when nobody can say
 */
export const estimateTogether = (
  situation: Situation,
  from: number,
  seed = 1,
): { end: Band; runSeconds: Band } | null => {
  const trials = trialsFor(situation.waiting.length);
  const ends = new Float64Array(trials);
  const seconds = new Float64Array(trials);
  const told = simulate(situation, seed, (trial, nth, start, end) => {
    if (nth < from) return;
    ends[trial] = Math.max(ends[trial] ?? 0, end);
    seconds[trial] = (seconds[trial] ?? 0) + end - start;
  });
  return told === null ? null : { end: bandOf(ends), runSeconds: bandOf(seconds) };
};

/** An estimate that was made and what became of it; all in seconds from the moment it was made. */
export type PastEstimate = { end: Band; endedAfter: number; durationSeconds: number };

export type Accuracy = {
  count: number;
  /** of the runs, those that ended between p50 and p90: four of ten when the estimates are true */
  shareHeld: number;
  /** half of the bands are at most this wide, as a share of the run's duration */
  medianWidth: number;
};

/** How good past estimates were. @returns null when there are none */
export const accuracyOf = (past: PastEstimate[]): Accuracy | null => {
  if (past.length === 0) return null;
  const held = past.filter(({ end, endedAfter }) => endedAfter >= end.p50 && endedAfter <= end.p90).length;
  const widths = past.map(({ end, durationSeconds }) => (end.p90 - end.p50) / durationSeconds).sort((a, b) => a - b);
  return { count: past.length, shareHeld: held / past.length, medianWidth: widths[Math.floor(widths.length / 2)] ?? 0 };
};
