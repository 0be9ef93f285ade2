// PURE. Random numbers that come out the same for the same seed, on every machine.

/** Draws a number in [0, 1). */
export type Random = () => number;

/**
 * mulberry32: 32 bits of state, period 2^32, passes gjrand's tests. Small and exact in integers, so that a recipe gives the same
 * rows in the browser and on the server. Not for secrets.
 *
 * @param seed only its lowest 32 bits count
 */
export const seededRandom = (seed: number): Random => {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
};

/** A stream of its own for a name (FNV-1a over its UTF-16 units), so that drawing for one name does not change what others get. */
export const randomFor = (seed: number, name: string): Random => {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return seededRandom(hash ^ Math.imul(seed, 0x9e3779b1));
};

/** Standard normal, by Box and Muller. */
export const normal = (random: Random): number =>
  Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());

/** A shuffled copy: each element gets a random key, and they are sorted by it. */
export const shuffled = <T>(all: readonly T[], random: Random): T[] =>
  all
    .map((one) => ({ key: random(), one }))
    .sort((a, b) => a.key - b.key)
    .map(({ one }) => one);
