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

/** @param ids of the rows on the page, in their order */
export const useSelection = (ids: string[]): Selection => {
  const [all, setAll] = useState<ReadonlySet<string>>(new Set());
  const order = useRef(ids);
  order.current = ids;
  const anchor = useRef<string | null>(null);

  const chosen = useMemo(() => new Set(ids.filter((id) => all.has(id))), [ids, all]);

  const toggle = useCallback((id: string, range: boolean) => {
    const from = range && anchor.current !== null ? order.current.indexOf(anchor.current) : -1;
    const to = order.current.indexOf(id);
    anchor.current = id;
    setAll((before) => {
      const next = new Set(before);
      if (from >= 0) for (const id of order.current.slice(Math.min(from, to), Math.max(from, to) + 1)) next.add(id);
      else if (!next.delete(id)) next.add(id);
      return next;
    });
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
