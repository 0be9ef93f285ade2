"use client";
// Which rows of the page are chosen. What is no longer on the page is no longer chosen.
import { useCallback, useMemo, useRef, useState } from "react";

export type Selection = {
  chosen: ReadonlySet<string>;
  has: (id: string) => boolean;
  isAll: boolean;
  isSome: boolean;
  /** with `range`, all from the last one toggled to this one */
  toggle: (id: string, range: boolean) => void;
  toggleAll: () => void;
  clear: () => void;
};

/**
 * PURE. What is chosen after one more is toggled: with an anchor that is still there, all from it to this one, in their order.
 */
export const toggled = (
  chosen: ReadonlySet<string>,
  order: readonly string[],
  id: string,
  anchor: string | null,
): Set<string> => {
  const from = anchor === null ? -1 : order.indexOf(anchor);
  const to = order.indexOf(id);
  const next = new Set(chosen);
  if (from >= 0) for (const one of order.slice(Math.min(from, to), Math.max(from, to) + 1)) next.add(one);
  else if (!next.delete(id)) next.add(id);
  return next;
};

/** @param ids of the rows on the page, in their order */
export const useSelection = (ids: string[]): Selection => {
  const [all, setAll] = useState<ReadonlySet<string>>(new Set());
  const order = useRef(ids);
  order.current = ids;
  const anchor = useRef<string | null>(null);

  const chosen = useMemo(() => new Set(ids.filter((id) => all.has(id))), [ids, all]);

  const toggle = useCallback((id: string, range: boolean) => {
    const from = range ? anchor.current : null;
    anchor.current = id;
    setAll((before) => toggled(before, order.current, id, from));
  }, []);

  const isAll = ids.length > 0 && chosen.size === ids.length;
  return {
    chosen,
    has: (id) => chosen.has(id),
    isAll,
    isSome: chosen.size > 0,
    toggle,
    toggleAll: () => setAll(isAll ? new Set() : new Set(ids)),
    clear: useCallback(() => setAll(new Set()), []),
  };
};
