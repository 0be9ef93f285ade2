"use client";
// The waiting line of a unit as far as it is known: what is in sight is fetched, the rest is counted.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useState } from "react";
import { useTRPC, useTRPCClient } from "../../ui/trpc";
import { idsOf, isKnown, windowAround } from "./line-ids";

/** A driver that falls silent tells nobody: the estimates are asked for. */
const ASK_MS = 10_000;
/** As many are followed by id, wherever they wait; an address has room for no more. */
const MAX_FOLLOWED = 60;

/** What the first look at a line asks for. */
export const FIRST_WINDOW = { ...windowAround(0, 0), also: [] as string[] };

/** @param unit its version says when the parameters' names may have changed */
export const useLine = (unit: { unitId: string; version: number }) => {
  const { unitId, version } = unit;
  const trpc = useTRPC();
  const client = useTRPCClient();
  const [asked, setAsked] = useState(FIRST_WINDOW);
  const { from, count } = asked;
  const window = useQuery(trpc.line.window.queryOptions({ unitId, ...asked }, { placeholderData: keepPreviousData }));
  const plan = useQuery(
    trpc.line.plan.queryOptions(
      { unitId, from, count },
      { placeholderData: keepPreviousData, refetchInterval: ASK_MS },
    ),
  );
  const keys = useQuery({
    queryKey: ["parameters of open runs", unitId, version],
    queryFn: () => client.line.keys.query({ unitId }),
    placeholderData: keepPreviousData,
    staleTime: Number.POSITIVE_INFINITY,
  });

  /** The order in which the reader put them, until the server's answer shows it. */
  const [put, setPut] = useState<string[] | null>(null);
  const puts = useRef(0);
  const told = useMemo(() => (window.data ? idsOf(window.data) : []), [window.data]);
  const ids = put ?? told;
  const byId = useMemo(() => new Map(window.data?.runs.map((run) => [run.runId, run])), [window.data]);
  const plans = useMemo(() => new Map(plan.data?.waiting.map((one) => [one.runId, one])), [plan.data]);

  /** Shows another order until `until` is over; of several the last one counts. */
  const show = async (order: string[], until: Promise<unknown>): Promise<void> => {
    const mine = ++puts.current;
    setPut(order);
    try {
      await until;
    } finally {
      if (puts.current === mine) setPut(null);
    }
  };
  return {
    query: window,
    ids,
    byId,
    plans,
    accuracy: plan.data?.accuracy ?? null,
    keys: keys.data?.keys ?? [],
    show,
    /** whether the answer is to what is asked for now, so that what it lacks does not wait */
    isWhole: !window.isPlaceholderData,
    followed: asked.also,
    setAsked,
  };
};

export type Line = ReturnType<typeof useLine>;

/**
 * Asks for what is in sight, and for runs that the reader works with wherever they are, the most needed first.
 * @param seen first and last, from 0; null while nothing is drawn
 */
export const useSeen = (
  { ids, setAsked }: Line,
  seen: { first: number; last: number } | null,
  followed: Iterable<string | null>,
): void => {
  const { from, count } = seen ? windowAround(seen.first, seen.last) : FIRST_WINDOW;
  const near = new Set(ids.slice(from, from + count));
  const also = [...new Set(followed)]
    .filter((id): id is string => id !== null && isKnown(id) && !near.has(id))
    .slice(0, MAX_FOLLOWED)
    .sort();
  const wanted = JSON.stringify({ from, count, also });
  useEffect(() => setAsked(JSON.parse(wanted)), [wanted, setAsked]);
};
