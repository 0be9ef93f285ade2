// What a reader of lines may ask, and what each line tells; of a task and of a run alike.
import { z } from "zod";

const MAX_LINES = 10_000;
const atMost = (n: number) => Math.min(n, MAX_LINES);

export const linesAsked = {
  /** lines with a higher number only */
  after: z.int().min(0).optional(),
  limit: z.int().min(1).default(1000).transform(atMost),
  /** the last n instead */
  lines: z
    .int()
    .min(1)
    .optional()
    .transform((n) => (n === undefined ? n : atMost(n))),
  attempt: z.int().min(1).optional(),
};

export const linesTold = z.array(
  z.object({
    line: z.number(),
    /** RFC 3339 */
    timestamp: z.string(),
    stream: z.enum(["stdout", "stderr"]),
    level: z.string(),
    message: z.string(),
    attempt: z.number(),
  }),
);
