// Whether this process has more to do than it can: then a request is refused at once rather than answered late, and those that
// were let in are answered in time.
import { DomainError } from "../platform/errors";
import { log } from "../platform/log";
import { overloadRefused } from "../platform/prometheus";
import { answerJson, type Exchange, errorBody, localeOf, varyOf } from "./answer";

/** At 2,000 to 3,000 requests a second this many are half a second of work; 1,000 drivers that come back together still fit. */
const MAX_AT_WORK = 1000;

const TICK_MS = 100;
const TICKS = 10;
/**
 * A timer that is late by more than this ten times in a row, so for three seconds at least. One turn that is long, for 10,000 tasks
 * or the first page after a start, makes it late once.
 */
const MAX_LATE_MS = 200;

let atWork = 0;

/**
 * Counts a request as worked on from now. While its body is read it is not, nor once its stream has begun: clients that are slow
 * must not use up what others need. @returns ends it; may be called again
 */
export const beginWork = (): (() => void) => {
  atWork++;
  let isDone = false;
  return () => {
    if (isDone) return;
    isDone = true;
    atWork--;
  };
};

const late: number[] = [];
let timer: NodeJS.Timeout | undefined;

const watchLoop = (): void => {
  let expected = performance.now() + TICK_MS;
  timer = setInterval(() => {
    const now = performance.now();
    late.push(Math.max(0, now - expected));
    if (late.length > TICKS) late.shift();
    expected = now + TICK_MS;
  }, TICK_MS).unref();
};

const isOverloaded = (): boolean => {
  if (!timer) watchLoop();
  return atWork >= MAX_AT_WORK || (late.length === TICKS && Math.min(...late) > MAX_LATE_MS);
};

/** Work that was refused comes again: by then there may be room. */
const RETRY_AFTER_SECONDS = 1;
/** A line for each of some thousand refusals a second would be the next load. */
const TELL_EVERY_MS = 1000;
let untold = 0;
let toldAt = Number.NEGATIVE_INFINITY;

const tell = (): void => {
  untold++;
  if (performance.now() - toldAt < TELL_EVERY_MS) return;
  log.warn({ refused: untold, atWork }, "requests were refused, there is too much to do");
  toldAt = performance.now();
  untold = 0;
};

const newRefusal = (): DomainError => {
  tell();
  overloadRefused.inc();
  return new DomainError("UNAVAILABLE", "overloaded", { retryAfterSeconds: RETRY_AFTER_SECONDS });
};

/** @throws UNAVAILABLE if there is too much to do */
export const checkOverload = (): void => {
  if (isOverloaded()) throw newRefusal();
};

/** Answers UNAVAILABLE if there is too much to do, without a line in the log for each. @returns whether it did */
export const refuseOverload = (exchange: Exchange): boolean => {
  if (!isOverloaded()) return false;
  const refusal = newRefusal();
  answerJson(exchange, refusal.status, errorBody(refusal, exchange.requestId, localeOf(exchange)), {
    "Retry-After": String(RETRY_AFTER_SECONDS),
    Vary: varyOf(exchange),
  });
  return true;
};
