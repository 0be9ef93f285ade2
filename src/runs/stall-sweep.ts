// Gives up runs whose driver fell silent. Runs in the web server, which knows how long heartbeats could reach it.
import { DatabaseClock } from "../platform/database-clock";
import { getSql } from "../platform/db";
import { isOutage } from "../platform/errors";
import { log } from "../platform/log";
import { runEnds } from "../platform/prometheus";
import { tellRun } from "./claim";
import { type RunRow, toRun } from "./run";
import { changedColumns, withEvents } from "./transition";

export const LOST_MESSAGE = "driver lost";

const CLOCK_TOLERANCE_MS = 5000;

/**
 * Fails running runs that were not heard of for their unit's time limit, on PostgreSQL's clock. One that was heard of in the future
 * was not heard of since that clock was set back.
 *
 * @param heardSeconds so long heartbeats could be heard without a gap: silence from before counts for nobody
 * @returns how many were given up
 */
export const sweepStalled = async (heardSeconds: number): Promise<number> => {
  const sql = getSql();
  const lost = sql`
    UPDATE runs SET status = 'failed', change_no = change_no + 1, error_message = ${LOST_MESSAGE}, error_kind = 'lost', completed_at = now(), updated_at = now()
    FROM units u WHERE u.id = runs.unit_id AND runs.status = 'running' AND runs.watched AND runs.deleted_at IS NULL AND u.stall_timeout_seconds > 0
      AND (runs.last_named_at < now() - make_interval(secs => u.stall_timeout_seconds) OR runs.last_named_at > now() + make_interval(secs => ${CLOCK_TOLERANCE_MS / 1000}))
      AND u.stall_timeout_seconds <= ${heardSeconds}::float8
    RETURNING ${changedColumns(sql)}`;
  const rows = await withEvents<RunRow>(sql, lost, sql`*`);
  for (const row of rows) {
    tellRun(toRun(row));
    runEnds.inc({ outcome: "lost" });
    log.warn({ runId: row.id, unitId: row.unit_id, attempt: row.attempt }, "a run was given up: its driver was silent");
  }
  return rows.length;
};

const SWEEP_MS = 5000;
/** A round that comes this late means that nobody was heard meanwhile, we ourselves stood still. */
const LATE_MS = 3 * SWEEP_MS;

/** Sweeps each 5 s until stopped. @returns what stops it */
export const startStallSweep = (): (() => Promise<void>) => {
  let heardSince = performance.now();
  let roundAt = performance.now();
  const clock = new DatabaseClock(CLOCK_TOLERANCE_MS);
  let isStopped = false;
  let wake = () => {};
  const rounds = (async () => {
    while (!isStopped) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, SWEEP_MS);
        wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
      if (isStopped) return;
      const now = performance.now();
      if (now - roundAt > LATE_MS) heardSince = now;
      roundAt = now;
      try {
        // Set ahead it makes everybody silent for as long.
        if (await clock.wasSet()) heardSince = performance.now();
        await sweepStalled((performance.now() - heardSince) / 1000);
      } catch (error) {
        // Heartbeats could not be stored either.
        if (isOutage(error)) heardSince = performance.now();
        log.warn({ error: error instanceof Error ? error.message : String(error) }, "a sweep for lost drivers failed");
      }
    }
  })();
  return async () => {
    isStopped = true;
    wake();
    await rounds;
  };
};
