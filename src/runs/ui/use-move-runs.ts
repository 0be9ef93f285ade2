"use client";
// Moving runs in the waiting list: shown at once, told to the server, and put back where it refuses.
import { useQueryClient } from "@tanstack/react-query";
import { toast } from "sonner";
import { useLanguage } from "../../i18n/locale-provider";
import { useAnnounce } from "../../ui/announcer";
import { useRefusalSentence } from "../../ui/error-state";
import { refusalOf } from "../../ui/refusal";
import { type Outputs, useTRPC, useTRPCClient } from "../../ui/trpc";
import type { Run } from "../run";
import { type Move, movedBefore, movesBack } from "./unit-order";
import { useUnitRefetch } from "./use-unit-actions";

type Page = Outputs["runs"]["list"];

const UNDO_MS = 10_000;

/** The runs that wait or run: the question that the queue's tab asks. */
export const openRunsQuery = (unitId: string) => ({ unitId, status: ["pending" as const, "running" as const] });

const idsOf = (page: Page | undefined): string[] =>
  page?.runs.flatMap((run) => (run.status === "pending" ? [run.runId] : [])) ?? [];

/** Those that wait exchange the places which they hold; those that run keep theirs. */
const inOrder = (page: Page, ids: string[]): Page => {
  const byId = new Map(page.runs.map((run) => [run.runId, run]));
  const queue = ids.flatMap((id) => byId.get(id) ?? []);
  let next = 0;
  const runs = page.runs.map((run): Run => {
    const taken = run.status === "pending" ? queue[next++] : undefined;
    return taken ? { ...taken, order: run.order } : run;
  });
  return { ...page, runs };
};

/** @returns moves runs before another one, or behind all; the notice offers to undo it for ten seconds */
export const useMoveRuns = (unitId: string): ((runIds: string[], beforeId: string | null) => Promise<void>) => {
  const { t } = useLanguage();
  const client = useTRPCClient();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const refetch = useUnitRefetch();
  const announce = useAnnounce();
  const sentence = useRefusalSentence();
  const queryKey = trpc.runs.list.queryKey(openRunsQuery(unitId));
  const page = () => queryClient.getQueryData<Page>(queryKey);

  const send = async (moves: Move[]): Promise<string[]> => {
    // An answer that is under way tells the old order.
    await queryClient.cancelQueries({ queryKey });
    for (const { runIds, beforeId } of moves)
      queryClient.setQueryData<Page>(queryKey, (old) => old && inOrder(old, movedBefore(idsOf(old), runIds, beforeId)));
    const started: string[] = [];
    try {
      for (const move of moves) started.push(...(await client.runs.move.mutate({ unitId, ...move })).started);
    } finally {
      // Not waited for: what is said of the move would come late, over what the reader does next.
      void refetch();
    }
    return started;
  };

  const tellStarted = (started: string[]) =>
    started.length > 0 && toast.warning(t("unit.started.some", { count: started.length }));

  const undo = async (moves: Move[]) => {
    try {
      tellStarted(await send(moves));
      announce(t("unit.undone"));
    } catch (error) {
      toast.error(sentence(refusalOf(error)));
    }
  };

  return async (runIds, beforeId) => {
    const before = idsOf(page());
    const wanted = movedBefore(before, runIds, beforeId);
    if (wanted.join() === before.join()) return;
    try {
      const started = await send([{ runIds, beforeId }]);
      const moved = runIds.length - started.length;
      tellStarted(started);
      if (moved === 0) return;
      const only = runIds.length === 1 ? page()?.runs.find((run) => run.runId === runIds[0]) : undefined;
      const text = only
        ? t("unit.movedOne", { name: only.name, place: wanted.indexOf(only.runId) + 1, total: wanted.length })
        : t("unit.moved", { count: moved });
      announce(text);
      toast.success(text, {
        // The latest move is the one that can be undone.
        id: `moved ${unitId}`,
        duration: UNDO_MS,
        action: { label: t("unit.undo"), onClick: () => void undo(movesBack(before, runIds)) },
      });
    } catch (error) {
      toast.error(sentence(refusalOf(error)));
    }
  };
};
