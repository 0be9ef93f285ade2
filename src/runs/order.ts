// PURE. How runs change places: which place each of them has afterwards.

export type Placed = { id: string; place: number };

/**
 * The named ones exchange the places they hold, in the order given; nobody else is touched.
 *
 * @param named all that are named, in any order
 * @param order their ids, first to last, each once
 */
export const exchanged = (named: Placed[], order: string[]): Placed[] => {
  const places = named.map((one) => one.place).sort((a, b) => a - b);
  return order.map((id, index) => ({ id, place: places[index] ?? 0 }));
};

/**
 * Moves some of the waiting ones, in the order given, to before another one, or behind all. The waiting ones between exchange
 * the places that they hold together, so that what does not wait keeps its own.
 *
 * @param waiting all that wait, by place
 * @param moving  ids among them, each once
 * @param before  an id among them that does not move; null: behind all
 * @returns only those whose place changes
 */
export const movedBefore = (waiting: Placed[], moving: string[], before: string | null): Placed[] => {
  const isMoving = new Set(moving);
  const others = waiting.filter((one) => !isMoving.has(one.id)).map((one) => one.id);
  const at = before === null ? others.length : others.indexOf(before);
  const order = [...others.slice(0, at), ...moving, ...others.slice(at)];
  const held = new Map(waiting.map((one) => [one.id, one.place]));
  return exchanged(waiting, order).filter((one) => held.get(one.id) !== one.place);
};

export type Move = { runIds: string[]; beforeId: string | null };

/**
 * The moves that bring `moved` back to where they stood in `before`, last one first: each goes before its old successor,
 * which stands right by then. Neighbours go together.
 */
export const movesBack = (before: readonly string[], moved: readonly string[]): Move[] => {
  const isMoved = new Set(moved);
  const moves: Move[] = [];
  let block: string[] = [];
  for (const [index, id] of before.entries()) {
    if (isMoved.has(id)) block.push(id);
    if (block.length > 0 && !isMoved.has(before[index + 1] ?? "")) {
      moves.unshift({ runIds: block, beforeId: before[index + 1] ?? null });
      block = [];
    }
  }
  return moves;
};
