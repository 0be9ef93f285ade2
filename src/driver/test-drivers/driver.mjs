// A driver for tests, as a process of its own. `parameters.kind` of a run says what it does. Events go to stdout as JSON lines.
import { appendFileSync } from "node:fs";

const { defineDriver } = await import(`${process.env.DRIVER_DIST}/mlqueue.js`);
const tell = (event) => appendFileSync(process.env.EVENTS, `${JSON.stringify(event)}\n`);

const kinds = {
  train: async ({ params, ctx }) => {
    for (let step = 1; step <= params.steps; step++) {
      ctx.log({ loss: 1 / step }, { step });
      ctx.print(`step ${step}`);
      ctx.progress(step, params.steps);
      await new Promise((resolve) => setTimeout(resolve, params.pauseMs ?? 1));
    }
    return { steps: params.steps };
  },
  // Until it is told to stop, or to go on by an event of the file that it looks at.
  wait: ({ ctx, signal }) =>
    new Promise((_, reject) => {
      ctx.print("waiting");
      signal.addEventListener("abort", () => {
        tell({ event: "aborted", kind: signal.reason.kind, runId: ctx.runId });
        reject(signal.reason);
      });
    }),
  // Never gives the event loop a turn, and calls nothing of ours.
  block: ({ params, ctx }) => {
    tell({ event: "blocking", runId: ctx.runId });
    for (const until = Date.now() + params.ms; Date.now() < until; );
    return { blocked: params.ms };
  },
  // Never gives the event loop a turn either, but says how far it is.
  busy: ({ params, ctx, signal }) => {
    tell({ event: "busy", runId: ctx.runId });
    let rounds = 0;
    for (const until = Date.now() + params.ms; Date.now() < until && !signal.aborted; )
      if (++rounds % 1000 === 0) ctx.progress(rounds, 1e12);
    tell({ event: "busy over", kind: signal.reason?.kind ?? null });
    return {};
  },
  program: ({ ctx }) =>
    ctx.exec(process.execPath, [
      "-e",
      'console.log(`{"step": 1, "loss": 0.5}`); console.error("out of luck"); process.exit(3)',
    ]),
  throws: () => {
    console.log("about to throw");
    throw new Error("the loss exploded");
  },
  checkpoint: async ({ ctx }) => {
    const state = await ctx.resume();
    if (state !== null) return state;
    ctx.checkpoint({ state: { epoch: 3 }, step: 3 });
    throw new Error("stopped after the checkpoint");
  },
};

const driver = defineDriver({
  unit: process.env.DRIVER_UNIT ?? "tests/unit",
  name: process.env.DRIVER_NAME ?? "test-driver",
  heartbeatMs: Number(process.env.HEARTBEAT_MS ?? 200),
  pollMs: 50,
  gatherMs: 20,
  graceMs: 2000,
  concurrency: Number(process.env.CONCURRENCY ?? 1),
  run: (run) => kinds[run.params.kind](run),
});
tell({ event: "started", pid: process.pid });
const tally = await driver.start({ untilEmpty: process.env.UNTIL_EMPTY === "1" });
tell({ event: "ended", ...tally });
