"use client";
// Moving runs in the waiting list: shown at once, told to the server, and put back where it refuses.
import { useQueryClient } from "@tanstack/react-query";
import { toast } from "sonner";
import { useLanguage } from "../../i18n/locale-provider";
import { useAnnounce } from "../../ui/announcer";
import { useRefusalSentence } from "../../ui/error-state";
import { refusalOf } from "../../ui/refusal";
import { type Inputs, type Outputs, useTRPC, useTRPCClient } from "../../ui/trpc";
import { isKnown } from "./line-ids";
import { movedBefore } from "./unit-order";
import type { Line } from "./use-line";
import { useUnitRefetch } from "./use-unit-actions";

type Moved = Outputs["line"]["move"];
type Target = Inputs["line"]["move"]["to"];

const UNDO_MS = 10_000;

/** @returns moves runs before another one, or behind all; the notice offers to undo it for ten seconds */
export const useMoveRuns = (
  unitId: string,
  { ids, byId, show }: Line,
): ((runIds: string[], beforeId: string | null) => Promise<void>) => {
  const { t } = useLanguage();
  const client = useTRPCClient();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const refetch = useUnitRefetch();
  const announce = useAnnounce();
  const sentence = useRefusalSentence();

  const tellStarted = (started: string[]) =>
    started.length > 0 && toast.warning(t("unit.started.some", { count: started.length }));

  const undo = async (moves: Moved["back"]) => {
    try {
      const started: string[] = [];
      for (const { runIds, beforeId } of moves)
        started.push(...(await client.line.move.mutate({ unitId, runIds, to: { beforeId } })).started);
      await refetch();
      tellStarted(started);
      announce(t("unit.undone"));
    } catch (error) {
      toast.error(sentence(refusalOf(error)));
      void refetch();
    }
  };

  /** The run that they go before, by its id; by its number among the others where its id was not fetched. */
  const targetOf = (runIds: string[], beforeId: string | null): Target => {
    if (beforeId === null || isKnown(beforeId)) return { beforeId };
    const moving = new Set(runIds);
    return { at: ids.filter((id) => !moving.has(id)).indexOf(beforeId) };
  };

  return async (runIds, beforeId) => {
    const isThere = new Set(ids);
    const seen = runIds.filter((id) => isThere.has(id));
    const wanted = movedBefore(ids, seen, beforeId);
    if (seen.length === runIds.length && wanted.every((id, index) => id === ids[index])) return;
    try {
      // An answer that is under way tells the old order.
      await queryClient.cancelQueries({ queryKey: trpc.line.window.queryKey() });
      const sent = client.line.move.mutate({ unitId, runIds, to: targetOf(runIds, beforeId) });
      // Until it is asked for again; not waited for: what is said of the move would come late, over what the reader does next.
      void show(wanted, sent.then(refetch, refetch));
      const { moved, started, at, total, back } = await sent;
      tellStarted(started);
      if (moved.length === 0) return;
      const only = runIds.length === 1 ? byId.get(runIds[0] ?? "") : undefined;
      const text = only
        ? t("unit.movedOne", { name: only.name, place: at + 1, total })
        : t("unit.moved", { count: moved.length });
      announce(text);
      toast.success(text, {
        // The latest move is the one that can be undone.
        id: `moved ${unitId}`,
        duration: UNDO_MS,
        action: { label: t("unit.undo"), onClick: () => void undo(back) },
      });
    } catch (error) {
      toast.error(sentence(refusalOf(error)));
    }
  };
};
