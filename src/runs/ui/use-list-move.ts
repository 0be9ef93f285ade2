"use client";
// Lifting one row of the waiting list, by pointer or by keyboard, and dropping it elsewhere.
import { type KeyboardEvent, type PointerEvent, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";
import { useLanguage } from "../../i18n/locale-provider";
import { useAnnounce } from "../../ui/announcer";
import { renamed } from "./line-ids";
import { beforeLifted, type Lifted, liftedAt, movedBefore } from "./unit-order";
import { useVisibleRows } from "./use-visible-rows";

const SLIDE_MS = 150;

type Held = Lifted & { by: "pointer" | "keys" };

/** Rows that changed places slide there. */
const useSlide = (list: React.RefObject<HTMLElement | null>, order: readonly string[]) => {
  const last = useRef<{ order: readonly string[]; tops: Map<string, number> }>({ order, tops: new Map() });
  useLayoutEffect(() => {
    const isMoved = last.current.order !== order && !window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    const tops = new Map<string, number>();
    for (const row of list.current?.querySelectorAll<HTMLElement>("[data-run]") ?? []) {
      const id = row.dataset.run ?? "";
      const before = last.current.tops.get(id);
      tops.set(id, row.offsetTop);
      if (isMoved && before !== undefined && before !== row.offsetTop)
        row.animate([{ transform: `translateY(${before - row.offsetTop}px)` }, { transform: "none" }], {
          duration: SLIDE_MS,
          easing: "ease-out",
        });
    }
    last.current = { order, tops };
  });
};

/** @param kept ids of rows that stay drawn when they are out of sight, beside the one in the hand */
export const useListMove = (
  ids: string[],
  nameOf: (id: string) => string,
  onMove: (runIds: string[], beforeId: string | null) => void,
  kept: (string | null)[],
) => {
  const { t } = useLanguage();
  const announce = useAnnounce();
  const list = useRef<HTMLOListElement>(null);
  const [lifted, setHeld] = useState<Held | null>(null);
  // Other neighbours may be known by now than when it was lifted.
  const held = useMemo(() => lifted && renamed(ids, lifted), [ids, lifted]);
  const isThere = held !== null && ids.includes(held.id);
  const shown = useMemo(
    () => (held && isThere ? movedBefore(ids, [held.id], beforeLifted(ids, held)) : ids),
    [ids, held, isThere],
  );
  const { rows, seen, style, placeOf, rowAt } = useVisibleRows(list, shown, [held?.id ?? null, ...kept]);
  useSlide(list, shown);

  // A row that is put elsewhere in the document loses the focus.
  const heldByKeys = lifted?.by === "keys" ? lifted : null;
  useLayoutEffect(() => {
    if (!heldByKeys) return;
    const row = list.current?.querySelector<HTMLElement>(`[data-run="${CSS.escape(heldByKeys.id)}"]`);
    row?.querySelector<HTMLElement>("[data-handle]")?.focus({ preventScroll: true });
    row?.scrollIntoView({ block: "nearest" });
  }, [heldByKeys]);
  // What is held may be claimed meanwhile.
  useEffect(() => {
    if (held && !isThere) setHeld(null);
  }, [held, isThere]);

  const words = (id: string, index: number) => ({ name: nameOf(id), place: index + 1, total: ids.length });
  const indexOf = (lifted: Lifted) => shown.indexOf(lifted.id);
  /** @returns whether it stands elsewhere than before */
  const drop = (lifted: Lifted): boolean => {
    setHeld(null);
    const isMoved = isThere && indexOf(lifted) !== ids.indexOf(lifted.id);
    if (isMoved) onMove([lifted.id], beforeLifted(ids, lifted));
    return isMoved;
  };
  const putBack = ({ id }: Lifted) => {
    setHeld(null);
    announce(t("unit.putBack", words(id, ids.indexOf(id))));
  };

  const onKeyDown = (id: string) => (event: KeyboardEvent) => {
    const at = ids.indexOf(id);
    if (held?.id !== id) {
      if (event.key !== " ") return;
      event.preventDefault();
      setHeld({ ...liftedAt(ids, id, at), by: "keys" });
      announce(t("unit.lifted", words(id, at)));
      return;
    }
    const to: Record<string, number> = {
      ArrowUp: indexOf(held) - 1,
      ArrowDown: indexOf(held) + 1,
      Home: 0,
      End: ids.length - 1,
    };
    const wanted = to[event.key];
    if (wanted !== undefined) {
      event.preventDefault();
      const index = Math.min(ids.length - 1, Math.max(0, wanted));
      setHeld({ ...liftedAt(ids, id, index), by: "keys" });
      announce(t("unit.at", words(id, index)));
    } else if (event.key === " " || event.key === "Enter") {
      event.preventDefault();
      if (!drop(held)) announce(t("unit.dropped", words(id, at)));
    } else if (event.key === "Escape" || event.key === "Tab") putBack(held);
  };

  /** How many of the other rows have their middle above the pointer. The slide does not change where rows stand. */
  const indexAt = (id: string, clientY: number): number => {
    const row = rowAt(clientY);
    if (!row) return 0;
    const heldAt = shown.indexOf(id);
    const above = row.index + (row.index !== heldAt && row.middle < clientY ? 1 : 0);
    return heldAt < row.index ? above - 1 : above;
  };
  const pointer = (id: string) => ({
    onPointerDown: (event: PointerEvent) => {
      if (event.button !== 0) return;
      event.currentTarget.setPointerCapture(event.pointerId);
      setHeld({ ...liftedAt(ids, id, ids.indexOf(id)), by: "pointer" });
    },
    onPointerMove: (event: PointerEvent) => {
      if (held?.id !== id || held.by !== "pointer") return;
      const index = indexAt(id, event.clientY);
      if (index !== indexOf(held)) setHeld({ ...liftedAt(ids, id, index), by: "pointer" });
    },
    onPointerUp: () => void (held?.by === "pointer" && drop(held)),
    onPointerCancel: () => held?.by === "pointer" && setHeld(null),
  });

  return {
    list,
    shown,
    rows,
    seen,
    style,
    placeOf,
    heldId: isThere ? held.id : null,
    handle: (id: string) => ({ onKeyDown: onKeyDown(id), ...pointer(id) }),
  };
};
