// What a soak does to the server: tasks posted at a rate, drivers with heartbeats, metrics and logs, and open pages.
import { setMaxListeners } from "node:events";
import { setTimeout as wait } from "node:timers/promises";
import { createClient } from "../../src/driver/client";
import { ask, Refused } from "./load";
import type { BenchServices } from "./services";

export type SoakLoad = {
  /** milliseconds of each POST since it was last asked for */
  takePosts: () => number[];
  /** runs and posts in all, posts that were held back as too many tasks waited, and requests that were refused with 503 */
  sent: { posts: number; heldBack: number; runs: number; refused: number };
  stop: () => Promise<void>;
};

const TICK_MS = 50;
const DRIVERS = 3;
const RUN_BEATS = 10;
const BEAT_MS = 200;
const POINTS_A_BEAT = 20;
const LINES_A_BEAT = 5;
const TABS = 20;
/** A page is closed and another one opened. */
const TAB_MS = 60_000;
const POLL_MS = 5000;

/** A short program with a line and a metric. */
export const PROGRAM = ["sh", "-c", `echo '{"step": 1, "loss": 0.5}'`];
const body = JSON.stringify({ name: "soak", config: { lr: 0.1, epochs: 3 }, command: PROGRAM, tags: ["soak"] });

/** What a server answers whose machine is too busy: it is counted, and tried again. */
const isOverload = (error: unknown): boolean =>
  error instanceof Refused ? error.status === 503 : (error as { code?: unknown }).code === "UNAVAILABLE";

/**
 * Starts the load. A request that fails otherwise than by 503 ends the soak: it is a figure of a server that is well.
 *
 * @param postsPerSecond by the clock, however long each takes
 * @param isBehind       whether so many tasks wait that posting has to pause
 */
export const startLoad = (
  web: string,
  { apiKey }: BenchServices,
  { postsPerSecond, isBehind }: { postsPerSecond: number; isBehind: () => boolean },
): SoakLoad => {
  const over = new AbortController();
  const { signal } = over;
  // Every tab and every pause listens.
  setMaxListeners(0, signal);
  const sent = { posts: 0, heldBack: 0, runs: 0, refused: 0 };
  let took: number[] = [];
  let failure: unknown;
  const going = (work: () => Promise<void>): Promise<void> =>
    work().catch((error) => {
      if (!signal.aborted) failure ??= error;
    });
  const rest = (ms: number) => wait(ms, undefined, { signal }).catch(() => {});

  const insist = async <T>(call: () => Promise<T>): Promise<T> => {
    for (;;) {
      try {
        return await call();
      } catch (error) {
        if (!isOverload(error) || signal.aborted) throw error;
        sent.refused++;
        await rest(BEAT_MS);
      }
    }
  };

  const post = async (): Promise<void> => {
    const { ms } = await insist(() => ask(`${web}/v1/tasks`, apiKey, { method: "POST", body }));
    took.push(ms);
    sent.posts++;
  };
  const postAll = async (): Promise<void> => {
    const startedAt = performance.now();
    const underWay = new Set<Promise<void>>();
    for (let due = 0; !signal.aborted; ) {
      const until = ((performance.now() - startedAt) / 1000) * postsPerSecond;
      for (; due < until; due++) {
        if (isBehind() || underWay.size > 100) {
          sent.heldBack++;
          continue;
        }
        const one = going(post).finally(() => underWay.delete(one));
        underWay.add(one);
      }
      await rest(TICK_MS);
    }
    await Promise.all(underWay);
  };

  const client = createClient({ url: web, apiKey });
  const drive = async (unitId: string, driverId: string): Promise<void> => {
    while (!signal.aborted) {
      await insist(() => client.runs.create.mutate({ unitId, parameters: { lr: 0.1, seed: sent.runs } }));
      const { run } = await insist(() => client.units.claim.mutate({ unitId, driverId }));
      if (!run) continue;
      const { runId, attempt } = run;
      for (let beat = 0; beat < RUN_BEATS; beat++) {
        const points = Array.from({ length: POINTS_A_BEAT }, (_, n) => ({
          ...{ key: "loss", step: beat * POINTS_A_BEAT + n, value: 1 / (n + 1) },
        }));
        const lines = Array.from({ length: LINES_A_BEAT }, (_, n) => ({
          message: `step ${n}`,
          stream: "stdout" as const,
        }));
        await insist(() => client.runs.appendMetrics.mutate({ runId, attempt, points }));
        await insist(() => client.runs.appendLogs.mutate({ runId, attempt, lines }));
        await insist(() => client.units.heartbeat.mutate({ unitId, driverId, running: [{ runId, attempt }] }));
        await rest(BEAT_MS);
      }
      await insist(() => client.runs.complete.mutate({ runId, attempt, result: { accuracy: 0.9 } }));
      sent.runs++;
    }
  };
  const driveAll = async (): Promise<void> => {
    const { groupId } = await client.groups.create.mutate({ name: "soak" });
    const { unitId } = await client.units.create.mutate({ groupId, name: "soak" });
    await Promise.all(Array.from({ length: DRIVERS }, (_, n) => drive(unitId, `driver ${n}`)));
  };

  /** One page after the other: a stream of hints that is read, and what a page asks for meanwhile. */
  const openTabs = async (): Promise<void> => {
    await rest(Math.random() * POLL_MS);
    while (!signal.aborted) {
      const closed = AbortSignal.any([signal, AbortSignal.timeout(TAB_MS)]);
      const stream = await fetch(`${web}/api/trpc/live.events`, {
        headers: { Authorization: `Bearer ${apiKey}`, Accept: "text/event-stream" },
        signal: closed,
      });
      const reading = (async () => {
        for await (const _ of stream.body ?? []) if (closed.aborted) return;
      })().catch(() => {});
      while (!closed.aborted) {
        await insist(() => ask(`${web}/v1/tasks?limit=50`, apiKey));
        await insist(() => ask(`${web}/v1/queue/status`, apiKey));
        await wait(POLL_MS, undefined, { signal: closed }).catch(() => {});
      }
      await reading;
    }
  };

  const work = [going(postAll), going(driveAll), ...Array.from({ length: TABS }, () => going(openTabs))];
  return {
    takePosts: () => {
      if (failure !== undefined) throw failure;
      const taken = took;
      took = [];
      return taken;
    },
    sent,
    stop: async () => {
      over.abort();
      await Promise.all(work);
    },
  };
};
