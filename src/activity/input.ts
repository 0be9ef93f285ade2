// What the listing of the record accepts and answers.
import { z } from "zod";
import { ALL_VERBS, KINDS } from "./verbs";

const id = z.string().max(200);

export const activityInput = z.object({
  /** of one task, run, sweep, group …; at most one of the three */
  objectId: id.optional(),
  /** of a unit and all that is in it */
  unitId: id.optional(),
  /** of a group and all that is in it */
  groupId: id.optional(),
  kind: z.enum(KINDS).optional(),
  /** who did it */
  actorId: id.optional(),
  limit: z
    .int()
    .min(1)
    .default(50)
    .transform((n) => Math.min(n, 1000)),
  cursor: z.string().max(200).optional(),
});

const time = z.string();
export const activityOutput = z.object({
  activityId: z.string(),
  at: time,
  actorId: z.string(),
  actorEmail: z.string().nullable(),
  via: z.enum(["browser", "key", "token", "cli"]),
  keyPrefix: z.string().nullable(),
  requestId: z.string().nullable(),
  verb: z.enum(ALL_VERBS),
  kind: z.enum(KINDS),
  objectId: z.string().nullable(),
  objectName: z.string().nullable(),
  groupId: z.string().nullable(),
  unitId: z.string().nullable(),
  count: z.number(),
  details: z.record(z.string(), z.union([z.string(), z.number(), z.array(z.string())])),
});
export const activityPageOutput = z.object({ activity: z.array(activityOutput), nextCursor: z.string().nullable() });
