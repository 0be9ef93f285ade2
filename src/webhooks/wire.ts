// Bodies and query parameters of webhooks (snake_case) ↔ the verbs' input and output (camelCase).
import type { JsonObject } from "../platform/json-safety";
import { parseInput } from "../platform/validate";
import { fields, isId, pick, queryPath, readQuery, snakePart } from "../platform/wire";
import { type Delivery, deliveryNotFound } from "./deliveries";
import { type Endpoint, type EndpointWithSecret, endpointNotFound } from "./endpoints";
import { deliveriesInput, endpointChange, newEndpoint } from "./input";

type Params = Record<string, string>;

/** @throws NOT_FOUND for what cannot be an id */
export const webhookIdFrom = ({ id = "" }: Params): string => {
  if (!isId(id)) throw endpointNotFound(id);
  return id;
};
/** @throws NOT_FOUND for what cannot be an id */
export const deliveryIdFrom = ({ delivery_id: id = "" }: Params): string => {
  if (!isId(id)) throw deliveryNotFound(id);
  return id;
};

const bodyPath = (path: PropertyKey[]): PropertyKey[] => path.map(snakePart);
const ENDPOINT = fields("url", "events", "active");

export const newEndpointFrom = (body: JsonObject) => parseInput(newEndpoint, pick(body, ENDPOINT), bodyPath);
export const endpointChangeFrom = (webhookId: string, body: JsonObject) =>
  parseInput(endpointChange, { ...pick(body, ENDPOINT), webhookId }, bodyPath);
export const deliveriesFrom = (webhookId: string, query: URLSearchParams) =>
  parseInput(deliveriesInput, { webhookId, ...readQuery(query, { limit: "number", cursor: "text" }) }, queryPath);

export const wireEndpoint = (endpoint: Endpoint | EndpointWithSecret) => ({
  webhook_id: endpoint.webhookId,
  url: endpoint.url,
  events: endpoint.events,
  active: endpoint.active,
  ...("secret" in endpoint && { secret: endpoint.secret }),
  off_reason: endpoint.offReason,
  old_secret_until: endpoint.oldSecretUntil,
  created_at: endpoint.createdAt,
  updated_at: endpoint.updatedAt,
});

export const wireDelivery = (delivery: Delivery) => ({
  delivery_id: delivery.deliveryId,
  event_id: delivery.eventId,
  event: delivery.event,
  url: delivery.url,
  status: delivery.status,
  tries: delivery.tries,
  status_code: delivery.statusCode,
  answer: delivery.answer,
  error: delivery.error,
  created_at: delivery.createdAt,
  next_try_at: delivery.nextTryAt,
  delivered_at: delivery.deliveredAt,
  body: delivery.body,
});
