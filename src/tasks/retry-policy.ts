/** A task whose worker died this often within LOSS_WINDOW_HOURS probably kills its machine: it fails. */
export const MAX_LOSSES = 3;
export const LOSS_WINDOW_HOURS = 24;

/**
 * Whether a failed attempt is followed by another one.
 *
 * Counts failures of the program only: attempts that were lost or given back do not use up `maxAttempts`.
 *
 * @param failures    including the one that just happened, 1..
 * @param maxAttempts 1..1000
 */
export const triesAgain = (failures: number, maxAttempts: number): boolean => failures < maxAttempts;
