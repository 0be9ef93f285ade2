"use client";
// Which waiting runs are chosen: some by id, or all that wait, also those that were never fetched.
import { useEffect, useRef, useState } from "react";
import { toast } from "sonner";
import { useRefusalSentence } from "../../ui/error-state";
import { refusalOf } from "../../ui/refusal";
import { toggled } from "../../ui/selection";
import { useTRPCClient } from "../../ui/trpc";
import { isKnown } from "./line-ids";
import type { Line } from "./use-line";

type Chosen = "all" | ReadonlySet<string>;

const NONE: ReadonlySet<string> = new Set();

export const useLineSelection = (unitId: string, { ids, byId, followed, isWhole }: Line) => {
  const client = useTRPCClient();
  const sentence = useRefusalSentence();
  const [chosen, setChosen] = useState<Chosen>(NONE);
  const anchor = useRef<string | null>(null);

  // Those that were asked for wherever they wait, and are not told, wait no more.
  useEffect(() => {
    if (!isWhole || chosen === "all") return;
    const gone = followed.filter((id) => chosen.has(id) && !byId.has(id));
    if (gone.length > 0) setChosen(new Set([...chosen].filter((id) => !gone.includes(id))));
  }, [isWhole, chosen, followed, byId]);

  /** The ids of a part of the line, asked for where some of them were not fetched. */
  const known = async (part: string[]): Promise<string[]> =>
    part.every(isKnown) ? ids : (await client.line.ids.query({ unitId })).ids;

  const between = (one: string, other: string): string[] => {
    const [from, to] = [ids.indexOf(one), ids.indexOf(other)].sort((a, b) => a - b);
    return from === undefined || to === undefined || from < 0 ? [] : ids.slice(from, to + 1);
  };

  /** @param range all from the last one toggled to this one */
  const toggle = async (id: string, range: boolean): Promise<void> => {
    const from = range ? anchor.current : null;
    anchor.current = id;
    try {
      if (chosen === "all") {
        const others = (await known(ids)).filter((one) => one !== id);
        setChosen(new Set(others));
        return;
      }
      const order = await known(from === null ? [] : between(from, id));
      setChosen((before) => (before === "all" ? before : toggled(before, order, id, from)));
    } catch (error) {
      toast.error(sentence(refusalOf(error)));
    }
  };

  const isAll = ids.length > 0 && (chosen === "all" || chosen.size === ids.length);
  const count = chosen === "all" ? ids.length : chosen.size;
  return {
    chosen,
    count,
    has: (id: string) => chosen === "all" || chosen.has(id),
    isAll,
    isSome: count > 0,
    toggle: (id: string, range: boolean) => void toggle(id, range),
    toggleAll: () => setChosen(isAll ? NONE : "all"),
    clear: () => setChosen(NONE),
  };
};
