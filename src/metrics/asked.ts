// What a reader of metrics may ask, and what each series tells; of a task and of a run alike.
import { z } from "zod";

const MAX_POINTS = 10_000;

export const seriesAsked = {
  key: z.string().min(1).max(200).optional(),
  /** of each series */
  maxPoints: z
    .int()
    .min(1)
    .optional()
    .transform((n) => (n === undefined ? n : Math.min(n, MAX_POINTS))),
};

/** By key; timestamps are RFC 3339. */
export const seriesTold = z.record(
  z.string(),
  z.array(z.object({ step: z.number(), value: z.number(), timestamp: z.string() })),
);
