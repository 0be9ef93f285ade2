"use client";
// The rows that a recipe makes, as the server tells them, and what the reader does to them by hand before they are made.
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { type Outputs, useTRPCClient } from "../../ui/trpc";
import type { Parameters } from "../sweep-rows";

export type PreviewRow = Outputs["sweeps"]["preview"]["rows"][number];

export const isFresh = (row: PreviewRow): boolean => row.ranBefore === null && row.repeats === null;

export const useLate = <T>(value: T, ms: number): T => {
  const [late, setLate] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setLate(value), ms);
    return () => clearTimeout(timer);
  }, [value, ms]);
  return late;
};

/** What was done by hand, by the rows' numbers. It belongs to one recipe: another one has other rows. */
type ByHand<Form> = {
  text: string;
  form: Form | null;
  /** against what is right for most: fresh rows are ticked */
  ticks: Map<number, boolean>;
  changed: Map<number, Parameters>;
  removed: Set<number>;
};

/** The estimate may lag behind ticks: it is asked for once the reader pauses. */
const OUTLOOK_AFTER_MS = 500;

type Given<Form> = {
  unitId: string;
  sweepId: string | undefined;
  /** the recipe, as JSON */
  text: string;
  /** what the recipe was read from, to be brought back */
  form: Form;
  enabled: boolean;
};

export const useSweepPreview = <Form>({ unitId, sweepId, text, form, enabled }: Given<Form>) => {
  const client = useTRPCClient();
  const [kept, setKept] = useState<ByHand<Form> | null>(null);
  const none: ByHand<Form> = { text, form, ticks: new Map(), changed: new Map(), removed: new Set() };
  const byHand = kept?.text === text ? kept : none;
  const edits = useMemo(
    () => ({
      changed: [...byHand.changed].map(([row, parameters]) => ({ row, parameters })),
      removed: [...byHand.removed],
    }),
    [byHand.changed, byHand.removed],
  );
  const editsText = JSON.stringify(edits);
  const query = useQuery({
    queryKey: ["sweep-preview", unitId, sweepId, text, editsText],
    queryFn: () => client.sweeps.preview.mutate({ unitId, recipe: JSON.parse(text), edits, sweepId }),
    placeholderData: keepPreviousData,
    retry: false,
    enabled,
  });
  const told = query.isError || !enabled ? undefined : query.data?.rows;
  const rows = useMemo(() => told ?? [], [told]);
  const chosen = useMemo(
    () => new Set(rows.flatMap((one) => ((byHand.ticks.get(one.row) ?? isFresh(one)) ? [one.row] : []))),
    [rows, byHand.ticks],
  );
  const which = useMemo(
    () => ({ edits, leaveOut: rows.flatMap((one) => (chosen.has(one.row) ? [] : [one.row])) }),
    [edits, rows, chosen],
  );
  const asking = useMemo(() => JSON.stringify({ text, ...which }), [text, which]);
  const asked = useLate(asking, OUTLOOK_AFTER_MS);
  const outlook = useQuery({
    queryKey: ["sweep-outlook", unitId, asked],
    queryFn: () => {
      const { text: recipe, ...rest } = JSON.parse(asked);
      return client.sweeps.outlook.mutate({ unitId, recipe: JSON.parse(recipe), ...rest });
    },
    placeholderData: keepPreviousData,
    retry: false,
    enabled: enabled && chosen.size > 0 && !query.isFetching && asked === asking,
  });
  const change = (part: Partial<ByHand<Form>>) => setKept({ ...byHand, form, ...part });
  const without = <K, V>(map: Map<K, V>, key: K): Map<K, V> => new Map([...map].filter(([one]) => one !== key));
  const handMade = kept ? kept.changed.size + kept.removed.size : 0;
  return {
    query,
    rows,
    chosen,
    /** for the call that makes the rows just as they are shown */
    which,
    outlook: outlook.data ?? null,
    tick: (row: number, isChosen: boolean) => change({ ticks: new Map(byHand.ticks).set(row, isChosen) }),
    changeRow: (row: number, parameters: Parameters) =>
      // It is another row now: whether it is ticked follows from what it is.
      change({ changed: new Map(byHand.changed).set(row, parameters), ticks: without(byHand.ticks, row) }),
    undoChange: (row: number) => change({ changed: without(byHand.changed, row), ticks: without(byHand.ticks, row) }),
    removeRow: (row: number) => change({ removed: new Set(byHand.removed).add(row) }),
    removed: byHand.removed.size,
    bringBack: () => change({ removed: new Set() }),
    /** the form of a recipe whose rows were changed by hand, while another recipe is shown */
    lost: kept && kept.text !== text && handMade > 0 ? { form: kept.form, count: handMade } : null,
  };
};
