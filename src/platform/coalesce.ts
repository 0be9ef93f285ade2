// Gathers what arrives while a statement is under way into the next one: under load one round trip and one commit serve many.
import { isOutage } from "./errors";

export type CoalesceOptions = {
  /** statements at once: while one's answer is handled, another keeps PostgreSQL busy */
  maxUnderWay: number;
  /** per statement */
  maxItems: number;
  /** so long the first item waits for more, in ms; 0: for the other events of its turn of the loop */
  gatherMs?: number;
  /**
   * so long after the last statement began the next one does, in ms, unless `enough` items wait: what comes alone is not kept
   * waiting, and what comes often shares statements
   */
  spacing?: { ms: number; enough: number };
};

/** Who waits behind a batch that PostgreSQL has not answered for so long has waited as long: those are refused with it. */
const LONG_MS = 5000;

/**
 * @param run answers a batch, one answer per item in the same order
 * @returns adds an item to the next batch. When a batch fails each of its items is run alone, so that a bad one fails by itself;
 * in an outage all of them fail at once
 */
export const coalesce = <Item, Answer>(
  run: (items: Item[]) => Promise<Answer[]>,
  { maxUnderWay, maxItems, gatherMs = 0, spacing }: CoalesceOptions,
): ((item: Item) => Promise<Answer>) => {
  type Waiting = { item: Item; resolve: (answer: Answer) => void; reject: (error: unknown) => void };
  const waiting: Waiting[] = [];
  let underWay = 0;
  let isScheduled = false;
  let startedAt = Number.NEGATIVE_INFINITY;
  let isSpacing = false;

  const runBatch = async (batch: Waiting[]): Promise<void> => {
    const beganAt = performance.now();
    try {
      const answers = await run(batch.map((one) => one.item));
      for (const [index, one] of batch.entries()) one.resolve(answers[index] as Answer);
    } catch (error) {
      const isLost = isOutage(error) && performance.now() - beganAt > LONG_MS;
      if (isLost) batch.push(...waiting.splice(0));
      if (batch.length === 1 || isOutage(error)) for (const one of batch) one.reject(error);
      else for (const one of batch) await runBatch([one]);
    }
  };

  const schedule = (): void => {
    if (isScheduled || underWay >= maxUnderWay || waiting.length === 0) return;
    const tooSoonMs = spacing && waiting.length < spacing.enough ? spacing.ms - (performance.now() - startedAt) : 0;
    if (tooSoonMs > 0) {
      if (!isSpacing)
        setTimeout(() => {
          isSpacing = false;
          schedule();
        }, tooSoonMs);
      isSpacing = true;
      return;
    }
    isScheduled = true;
    const start = (): void => {
      isScheduled = false;
      startedAt = performance.now();
      underWay++;
      void runBatch(waiting.splice(0, maxItems)).finally(() => {
        underWay--;
        schedule();
      });
      schedule();
    };
    if (gatherMs > 0) setTimeout(start, gatherMs);
    else setImmediate(start);
  };

  return (item) =>
    new Promise((resolve, reject) => {
      waiting.push({ item, resolve, reject });
      schedule();
    });
};
