// PURE. Which rows of a long list are in sight.

/** Rows beyond the edges that are there as well, so that Tab and a quick wheel find them. */
const BEYOND = 10;

/**
 * @param top    pixels that were scrolled; may be beyond the end, after rows have gone
 * @param height of what is seen, in pixels
 * @param row    height of each row, in pixels
 * @returns numbers of the first row, and of the one behind the last
 */
export const windowOf = (seen: { top: number; height: number; row: number; count: number }) => {
  const { height, row, count } = seen;
  const top = Math.max(0, Math.min(seen.top, count * row - height));
  const first = Math.max(0, Math.floor(top / row) - BEYOND);
  return { first, last: Math.min(count, Math.ceil((top + height) / row) + BEYOND) };
};
