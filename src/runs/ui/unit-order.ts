// PURE. The waiting list as the reader sees it: moved by index, and told apart by what differs.
import type { JsonObject } from "../../platform/json-safety";

/** The ids with some of them moved before another one, or behind all: what the server answers to the same `runs.move`. */
export const movedBefore = (ids: readonly string[], moving: readonly string[], beforeId: string | null): string[] => {
  const isMoving = new Set(moving);
  const others = ids.filter((id) => !isMoving.has(id));
  const at = beforeId === null ? -1 : others.indexOf(beforeId);
  return at === -1 ? [...others, ...moving] : [...others.slice(0, at), ...moving, ...others.slice(at)];
};

/**
 * What `runs.move` has to be told so that one run stands at an index.
 * @param index from 0, among all, the run itself taken out; beyond the ends counts as the end
 */
export const beforeAtIndex = (ids: readonly string[], id: string, index: number): string | null =>
  ids.filter((one) => one !== id)[Math.max(0, index)] ?? null;

/** A run in the hand. Others leave and join the list meanwhile: its neighbours, not a number, say where it is. */
export type Lifted = {
  id: string;
  /** its number, from 0, when it was lifted */
  from: number;
  predecessors: readonly string[];
  followers: readonly string[];
};

/** @param index as for beforeAtIndex */
export const liftedAt = (ids: readonly string[], id: string, index: number): Lifted => {
  const others = ids.filter((one) => one !== id);
  const at = Math.max(0, index);
  return { id, from: ids.indexOf(id), predecessors: others.slice(0, at), followers: others.slice(at) };
};

/**
 * What `runs.move` has to be told to drop it: the first of its followers that still waits. Where none does, it goes behind the
 * last of its predecessors, so that what was added to the end since stays there.
 */
export const beforeLifted = (ids: readonly string[], { id, predecessors, followers }: Lifted): string | null => {
  const waiting = new Set(ids);
  const follower = followers.find((one) => waiting.has(one));
  if (follower !== undefined) return follower;
  const predecessor = predecessors.findLast((one) => waiting.has(one));
  const others = ids.filter((one) => one !== id);
  return predecessor === undefined ? null : (others[others.indexOf(predecessor) + 1] ?? null);
};

const textOf = (value: unknown): string => (value === undefined ? "" : JSON.stringify(value));

/** The parameters that are not the same in all runs, in the order in which they first come. @returns all of them for a single run */
export const differingKeys = (all: readonly JsonObject[]): string[] => {
  const keys = [...new Set(all.flatMap((one) => Object.keys(one)))];
  if (all.length < 2) return keys;
  return keys.filter((key) => new Set(all.map((one) => textOf(one[key]))).size > 1);
};

/** A value for a cell: text as it is, anything else as JSON. */
export const shownValue = (value: unknown): string =>
  value === undefined ? "–" : typeof value === "string" ? value : JSON.stringify(value);
