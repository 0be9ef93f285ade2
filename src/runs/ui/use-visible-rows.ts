"use client";
// Of a long list in the page, only the rows that are seen are drawn, and those that the reader works with.
import { defaultRangeExtractor, type Range, useWindowVirtualizer, type VirtualItem } from "@tanstack/react-virtual";
import { type CSSProperties, type RefObject, useCallback, useLayoutEffect, useState } from "react";

/** One line of name, one of parameters; rows are measured when they are drawn. */
const ROW_PX = 53;
/** Beyond both ends of the window: short lists are drawn whole, and Tab finds the next row. */
const OVERSCAN = 20;

/**
 * @param list the element around the rows: it gets `style`, each row its own
 * @param kept ids of rows that stay drawn wherever they are: what has the focus or is being changed
 */
export const useVisibleRows = (list: RefObject<HTMLElement | null>, ids: string[], kept: (string | null)[]) => {
  const [top, setTop] = useState(0);
  // What stands above the list comes and goes.
  useLayoutEffect(() => {
    if (list.current) setTop(Math.round(list.current.getBoundingClientRect().top + window.scrollY));
  });
  const keptAt = kept
    .flatMap((id) => (id === null ? [] : ids.indexOf(id)))
    .filter((index) => index >= 0)
    .join();
  const rangeExtractor = useCallback(
    (range: Range) => {
      const also = keptAt === "" ? [] : keptAt.split(",").map(Number);
      return [...new Set([...defaultRangeExtractor(range), ...also])].sort((a, b) => a - b);
    },
    [keptAt],
  );
  const virtualizer = useWindowVirtualizer<HTMLLIElement>({
    count: ids.length,
    estimateSize: () => ROW_PX,
    overscan: OVERSCAN,
    scrollMargin: top,
    getItemKey: useCallback((index: number) => ids[index] ?? index, [ids]),
    rangeExtractor,
  });
  const rows = virtualizer.getVirtualItems();
  const { range } = virtualizer;
  return {
    rows,
    /** without those beyond the window; null before anything was drawn */
    seen: range && ids.length > 0 ? { first: range.startIndex, last: range.endIndex } : null,
    style: { height: virtualizer.getTotalSize() } satisfies CSSProperties,
    placeOf: (row: VirtualItem) => ({
      index: row.index,
      style: { top: row.start - top },
      ref: virtualizer.measureElement,
    }),
    /** @param y of the window, in pixels. @returns the row there, with its middle in the window */
    rowAt: (y: number): { index: number; middle: number } | null => {
      const row = virtualizer.getVirtualItemForOffset(y + window.scrollY);
      return row ? { index: row.index, middle: row.start + row.size / 2 - window.scrollY } : null;
    },
  };
};
