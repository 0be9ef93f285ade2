// "Task 12 changed", pushed to pages over server-sent events.
import { type TrackedEnvelope, tracked } from "@trpc/server";
import { z } from "zod";
import type { Hint } from "../platform/live-event";
import { listenLive } from "../platform/live-hub";
import { procedure, router } from "../platform/trpc";
import { accountsSharingWith, visibleHints } from "../runs/shared-hints";

/** A thousand streams at two events a second each cost about one core, so one batch a second is the most. */
const BATCH_EVERY_MS = 1000;

/** What a later hint replaces: only the last word about a task matters. */
const subjectOf = (one: Hint): string => {
  switch (one.kind) {
    case "task":
    case "output":
      return `${one.kind} ${one.taskId}`;
    case "run":
    case "runOutput":
      return `${one.kind} ${one.runId}`;
    case "unit":
      return `unit ${one.unitId}`;
    case "groups":
      return `groups ${one.groupId ?? ""}`;
    case "queue":
      return `queue ${one.queue}`;
    default:
      return one.kind;
  }
};

const canBeShared = (one: Hint): boolean =>
  one.kind === "unit" || one.kind === "run" || one.kind === "runOutput" || one.kind === "groups";

/** Beyond this many subjects in a second a page refetches rather than patches. */
const MAX_BATCH = 500;

let lastId = 0;

export const liveRouter = router({
  /**
   * Hints of the caller's account, of groups that are shared with it, and of what all accounts share. A client that comes back is
   * told to `resync`. What others share is asked for just before it is told, so that a withdrawn share ends its hints at once.
   */
  events: procedure
    .input(z.object({ lastEventId: z.string().nullish() }).optional())
    .output(z.custom<AsyncIterable<TrackedEnvelope<Hint[]>>>())
    .subscription(async function* ({ ctx, input, signal }) {
      const pending = new Map<string, Hint>();
      const others = new Map<string, Hint>();
      /** Whose hints may be of use; undefined: not known (any more), so all are kept until it is. */
      let sharing: Set<string> | undefined;
      let wake = () => {};
      if (input?.lastEventId) pending.set("resync", { kind: "resync" });
      const stopListening = listenLive((hints) => {
        for (const one of hints) {
          if (one.kind === "shares" || one.kind === "resync") sharing = undefined;
          if (!("userId" in one) || one.userId === ctx.userId) pending.set(subjectOf(one), one);
          else if (canBeShared(one) && (sharing?.has(one.userId) ?? true)) others.set(subjectOf(one), one);
        }
        if (pending.size + others.size > MAX_BATCH) {
          others.clear();
          pending.clear();
          pending.set("resync", { kind: "resync" });
        }
        if (pending.size + others.size > 0) wake();
      });
      signal?.addEventListener("abort", () => wake());
      try {
        while (!signal?.aborted) {
          sharing ??= await accountsSharingWith(ctx.userId);
          if (pending.size + others.size === 0) await new Promise<void>((resolve) => (wake = resolve));
          if (pending.size + others.size === 0) continue;
          const asked = [...others.values()];
          others.clear();
          const visible = asked.length === 0 ? [] : await visibleHints(ctx.userId, asked);
          const batch = [...pending.values(), ...visible];
          pending.clear();
          if (batch.length > 0) yield tracked(String(++lastId), batch);
          await pauseOrAbort(BATCH_EVERY_MS, signal);
        }
      } finally {
        stopListening();
      }
    }),
});

const pauseOrAbort = (ms: number, signal: AbortSignal | undefined): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    signal?.addEventListener(
      "abort",
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
