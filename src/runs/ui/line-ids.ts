// PURE. A waiting line of which only a window is known: all its ids in order, with stand-ins for those that were not fetched.
import type { LineWindow } from "../line";
import type { Lifted } from "./unit-order";

/** No id of a run begins so. */
const MARK = "~";

/** Stands for the run of that number, from 0, until its id is known. */
export const standIn = (at: number): string => `${MARK}${at}`;

export const isKnown = (id: string): boolean => !id.startsWith(MARK);

/** Ids of all that wait, first to last. */
export const idsOf = ({ total, runs }: LineWindow): string[] => {
  const ids = Array.from({ length: total }, (_, at) => standIn(at));
  for (const { at, runId } of runs) ids[at] = runId;
  return ids;
};

/**
 * A run in the hand, its neighbours called as the line calls them now: by their ids where those are known by now, by stand-ins where
 * the line knows them no longer. Those that wait no more keep their names, which it does not have.
 */
export const renamed = <L extends Lifted>(ids: readonly string[], lifted: L): L => {
  const waiting = new Set(ids);
  // Where the run itself stood, no neighbour did.
  const now = (one: string, nth: number): string => {
    const there = ids[nth < lifted.from ? nth : nth + 1];
    const mayBeThere = there !== undefined && there !== lifted.id && (!isKnown(one) || !isKnown(there));
    return waiting.has(one) || !mayBeThere ? one : there;
  };
  const { predecessors, followers } = lifted;
  return {
    ...lifted,
    predecessors: predecessors.map(now),
    followers: followers.map((one, nth) => now(one, predecessors.length + nth)),
  };
};

/** Windows begin at multiples of this, so that a little scrolling asks for nothing. */
const STEP = 50;
/** What is fetched beyond both ends of what is seen, at least. */
const NEAR = 25;

const LEAST = 100;

/** The window to ask for. @param first and last that are seen, from 0 */
export const windowAround = (first: number, last: number): { from: number; count: number } => {
  const from = Math.max(0, Math.floor((first - NEAR) / STEP) * STEP);
  return { from, count: Math.max(LEAST, Math.ceil((last + 1 + NEAR - from) / STEP) * STEP) };
};
