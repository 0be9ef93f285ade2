// What the procedures answer: the schemas that make the API's types, and that nothing else leaves the server.
import { z } from "zod";

/** RFC 3339 */
const time = z.string();

export const endpointOutput = z.object({
  webhookId: z.string(),
  url: z.string(),
  /** all of them, where none were named */
  events: z.array(z.string()),
  active: z.boolean(),
  /** why it was turned off, when its account did not do it */
  offReason: z.string().nullable(),
  /** until then the secret before the last rotation signs, too */
  oldSecretUntil: time.nullable(),
  createdAt: time,
  updatedAt: time,
});
export const endpointsOutput = z.object({ webhooks: z.array(endpointOutput) });
/** Only at creation and rotation. */
export const endpointWithSecretOutput = endpointOutput.extend({ secret: z.string() });
export const secretOutput = z.object({ secret: z.string() });
export const removedOutput = z.object({ done: z.literal(true) });

export const deliveryOutput = z.object({
  deliveryId: z.string(),
  /** the `webhook-id` of every try */
  eventId: z.string(),
  event: z.string(),
  /** where it went or goes */
  url: z.string(),
  status: z.enum(["pending", "delivered", "failed"]),
  tries: z.number(),
  statusCode: z.number().nullable(),
  /** the beginning of the last answer's body */
  answer: z.string().nullable(),
  error: z.string().nullable(),
  createdAt: time,
  /** null once it was delivered or given up */
  nextTryAt: time.nullable(),
  deliveredAt: time.nullable(),
  /** as it is sent */
  body: z.string(),
});
export const subjectDeliveriesOutput = z.object({ deliveries: z.array(deliveryOutput) });
export const deliveriesOutput = z.object({ deliveries: z.array(deliveryOutput), nextCursor: z.string().nullable() });
