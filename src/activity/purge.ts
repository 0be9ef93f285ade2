// Forgets what is older than ACTIVITY_DAYS.
import { getSql } from "../platform/db";
import { getEnv } from "../platform/env";

const PURGE_AT_ONCE = 5000;

/** Ids rise with time, so the oldest rows are the first of the key: no index of times is needed. @returns how many rows */
export const purgeActivity = async (): Promise<number> => {
  const sql = getSql();
  let purged = 0;
  for (;;) {
    const gone = await sql`
      WITH oldest AS (SELECT id, at FROM activity ORDER BY id LIMIT ${PURGE_AT_ONCE})
      DELETE FROM activity USING oldest
      WHERE activity.id = oldest.id AND oldest.at < now() - make_interval(days => ${getEnv().ACTIVITY_DAYS})`;
    purged += gone.count;
    if (gone.count < PURGE_AT_ONCE) return purged;
  }
};
