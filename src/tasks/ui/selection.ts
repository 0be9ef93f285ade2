"use client";
// Which rows of the page are chosen. What is no longer on the page is no longer chosen.
import { useCallback, useMemo, useRef, useState } from "react";

export type Selection = {
  chosen: ReadonlySet<string>;
  has: (taskId: string) => boolean;
  isAll: boolean;
  isSome: boolean;
  /** with `range`, all from the last one toggled to this one */
  toggle: (taskId: string, range: boolean) => void;
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

  const toggle = useCallback((taskId: string, range: boolean) => {
    const from = range && anchor.current !== null ? order.current.indexOf(anchor.current) : -1;
    const to = order.current.indexOf(taskId);
    anchor.current = taskId;
    setAll((before) => {
      const next = new Set(before);
      if (from >= 0) for (const id of order.current.slice(Math.min(from, to), Math.max(from, to) + 1)) next.add(id);
      else if (!next.delete(taskId)) next.add(taskId);
      return next;
    });
  }, []);

  const isAll = ids.length > 0 && chosen.size === ids.length;
  return {
    chosen,
    has: (taskId) => chosen.has(taskId),
    isAll,
    isSome: chosen.size > 0,
    toggle,
    toggleAll: () => setAll(isAll ? new Set() : new Set(ids)),
    clear: useCallback(() => setAll(new Set()), []),
  };
};
