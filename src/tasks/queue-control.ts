// Pause and resume: durable in PostgreSQL, for every account and every worker; Redis only gets a hint.
import { recordActivity } from "../activity/record";
import { getSql } from "../platform/db";
import { publishLive } from "../platform/live";
import { log } from "../platform/log";
import { forgetQueueStates } from "./list";
import { hintPaused } from "./ready-queue";

const setPaused = async (userId: string, queue: string, paused: boolean, reason: string | null): Promise<void> => {
  await getSql().begin(async (sql) => {
    await sql`
    INSERT INTO queues (name, paused, reason, changed_by) VALUES (${queue}, ${paused}, ${reason}, ${userId})
    ON CONFLICT (name) DO UPDATE SET paused = excluded.paused, reason = excluded.reason, changed_by = excluded.changed_by, changed_at = now()`;
    await recordActivity(sql, userId, { verb: paused ? "queue.paused" : "queue.resumed", details: { queue } });
  });
  forgetQueueStates();
  await hintPaused(queue, paused).catch((error: Error) => {
    log.debug({ queue, error: error.message }, "redis did not hear of a pause or resume yet");
  });
  publishLive([{ kind: "queue", queue }]);
};

/** From now on no worker starts a task of this queue; running ones go on, clients may still start theirs. */
export const pauseQueue = (userId: string, input: { queue: string; reason?: string | undefined }): Promise<void> =>
  setPaused(userId, input.queue, true, input.reason ?? null);

export const resumeQueue = (userId: string, input: { queue: string }): Promise<void> =>
  setPaused(userId, input.queue, false, null);
