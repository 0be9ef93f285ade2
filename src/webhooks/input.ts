// What the verbs accept. tRPC takes these as they are; wire.ts maps them to the contract's snake_case.
import { z } from "zod";
import { WEBHOOK_EVENTS } from "./events";

const id = z.string().max(200);
/** Where it leads is checked by the verb: that needs the names' addresses. */
const url = z.string().min(1).max(2000);
const events = z
  .array(z.enum(WEBHOOK_EVENTS))
  .min(1)
  .max(100)
  .transform((list) => [...new Set(list)]);

/** `events` absent: all */
export const newEndpoint = z.object({ url, events: events.optional(), active: z.boolean().default(true) });
export const endpointChange = z.object({
  webhookId: id,
  url: url.optional(),
  events: events.optional(),
  active: z.boolean().optional(),
});
export const endpointId = z.object({ webhookId: id });
export const deliveriesInput = z.object({
  webhookId: id,
  /** more than 1000 counts as 1000 */
  limit: z
    .int()
    .min(1)
    .default(100)
    .transform((n) => Math.min(n, 1000)),
  cursor: z.string().max(1000).optional(),
});
/** a task or a run */
export const subjectInput = z.object({ subjectId: id });
export const replayInput = z.object({ webhookId: id, deliveryId: id });
