/**
 * Place of a queued task: the Redis score, lowest runs first.
 *
 * Higher priority first, then turn, packed into one double: 2,000,001
 * priorities x 2^32 turns is 8.59e15, below the 2^53 that a double holds exactly.
 * The create statement computes the same in SQL.
 *
 * @param priority -1,000,000..1,000,000, higher first (REST contract, V1)
 * @param turn     from a sequence that stops at 2^32 - 1
 */
export const placeOf = (priority: number, turn: number): number => (1_000_000 - priority) * 2 ** 32 + turn;

/** The priority that a place stands for: a reordered task takes over the priority of the place it gets. */
export const priorityOf = (place: number): number => 1_000_000 - Math.floor(place / 2 ** 32);
