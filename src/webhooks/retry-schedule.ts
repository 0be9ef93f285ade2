const MINUTE = 60;
const HOUR = 60 * MINUTE;

/** Seconds before each of the slow tries: 23 h 51 min together. */
const SLOW = [MINUTE, 5 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 4 * HOUR, 8 * HOUR, 8 * HOUR];

/** Seconds before the nth quick try, from 1: 1, 2, 4, then 5. */
const quick = (n: number): number => Math.min(2 ** (n - 1), 5);

/**
 * When a delivery that failed is tried again (REST contract, "Webhooks").
 *
 * @param tries      made until now, 1..
 * @param quickTries WEBHOOK_RETRY_COUNT: so many come at once, then those at growing intervals over a day
 * @param random     0..1: a tenth less to a tenth more, so that what failed together does not come back together
 * @returns seconds; null when it is given up
 */
export const retryDelaySeconds = (tries: number, quickTries: number, random = Math.random()): number | null => {
  const delay = tries <= quickTries ? quick(tries) : SLOW[tries - quickTries - 1];
  return delay === undefined ? null : delay * (0.9 + 0.2 * random);
};
