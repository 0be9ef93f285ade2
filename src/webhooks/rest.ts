// V1 routes of webhooks, in the contract's order: method, path, body, verb, status.
import type { Route } from "../platform/route";
import { listDeliveries, replayDelivery, testEndpoint } from "./deliveries";
import {
  createEndpoint,
  getEndpoint,
  listEndpoints,
  readTaskSecret,
  removeEndpoint,
  rotateSecret,
  updateEndpoint,
} from "./endpoints";
import { deliveriesInput, endpointChange, newEndpoint } from "./input";
import { deliveriesOutput, deliveryOutput, endpointOutput, endpointWithSecretOutput } from "./output";
import * as examples from "./rest-examples";
import { openSecret, sealSecret } from "./secret-box";
import {
  deliveriesFrom,
  deliveryIdFrom,
  endpointChangeFrom,
  newEndpointFrom,
  webhookIdFrom,
  wireDelivery,
  wireEndpoint,
} from "./wire";

/** The worker looks for what is due several times a second. */
const nothing = async () => {};

export const webhookRoutes: Route[] = [
  {
    method: "GET",
    path: "/v1/webhooks",
    description: { summary: "List webhook endpoints, newest first", example: { webhooks: [examples.endpoint] } },
    handle: async ({ userId }) => ({
      fields: { webhooks: (await listEndpoints(userId)).webhooks.map(wireEndpoint) },
    }),
  },
  {
    method: "POST",
    path: "/v1/webhooks",
    status: 201,
    description: {
      summary:
        "Register a webhook endpoint. The secret is told here and at a rotation only; without `events` it gets all",
      body: newEndpoint,
      exampleBody: examples.newEndpoint,
      answer: endpointWithSecretOutput,
      example: examples.endpointWithSecret,
    },
    handle: async ({ userId, body }) => ({ fields: wireEndpoint(await createEndpoint(userId, newEndpointFrom(body))) }),
    create: async ({ userId, body }, sql) => ({
      fields: wireEndpoint(await createEndpoint(userId, newEndpointFrom(body), sql)),
      announce: nothing,
    }),
    keep: { seal: sealSecret, open: openSecret },
  },
  {
    method: "GET",
    path: "/v1/webhooks/task-secret",
    scope: "admin",
    description: {
      summary: "Read the secret that signs what is sent to the `webhook_url` of the account's tasks",
      example: { secret: examples.secret },
    },
    handle: async ({ userId }) => ({ fields: readTaskSecret(userId) }),
  },
  {
    method: "GET",
    path: "/v1/webhooks/:id",
    description: { summary: "Read a webhook endpoint", answer: endpointOutput, example: examples.endpoint },
    handle: async ({ userId, params }) => ({
      fields: wireEndpoint(await getEndpoint(userId, { webhookId: webhookIdFrom(params) })),
    }),
  },
  {
    method: "PUT",
    path: "/v1/webhooks/:id",
    description: {
      summary: "Change a webhook endpoint, or turn it off and on",
      body: endpointChange,
      exampleBody: { active: false },
      answer: endpointOutput,
      example: { ...examples.endpoint, active: false },
    },
    handle: async ({ userId, params, body }) => ({
      fields: wireEndpoint(await updateEndpoint(userId, endpointChangeFrom(webhookIdFrom(params), body))),
    }),
  },
  {
    method: "DELETE",
    path: "/v1/webhooks/:id",
    description: {
      summary: "Delete a webhook endpoint and its log",
      example: { webhook_id: examples.endpoint.webhook_id, message: "The endpoint was deleted." },
    },
    handle: async ({ userId, params }) => {
      const webhookId = webhookIdFrom(params);
      await removeEndpoint(userId, { webhookId });
      return { fields: { webhook_id: webhookId, message: "The endpoint was deleted." } };
    },
  },
  {
    method: "POST",
    path: "/v1/webhooks/:id/rotate",
    description: {
      summary: "Give an endpoint a new secret; for 24 h events are signed with the old one, too",
      answer: endpointWithSecretOutput,
      example: { ...examples.endpointWithSecret, old_secret_until: "2026-11-26T08:00:00.000Z" },
    },
    handle: async ({ userId, params }) => ({
      fields: wireEndpoint(await rotateSecret(userId, { webhookId: webhookIdFrom(params) })),
    }),
  },
  {
    method: "POST",
    path: "/v1/webhooks/:id/test",
    status: 201,
    description: {
      summary: "Send a `webhook.test` event to an endpoint",
      answer: deliveryOutput,
      example: { ...examples.waitingDelivery, event: "webhook.test" },
    },
    handle: async ({ userId, params }) => ({
      fields: wireDelivery(await testEndpoint(userId, { webhookId: webhookIdFrom(params) })),
    }),
    create: async ({ userId, params }, sql) => ({
      fields: wireDelivery(await testEndpoint(userId, { webhookId: webhookIdFrom(params) }, sql)),
      announce: nothing,
    }),
  },
  {
    method: "GET",
    path: "/v1/webhooks/:id/deliveries",
    description: {
      summary: "Read what was sent to an endpoint in the last 7 days and what it answered, newest first",
      query: deliveriesInput,
      answer: deliveriesOutput,
      example: { deliveries: [examples.delivery], next_cursor: null },
    },
    handle: async ({ userId, params, query }) => {
      const page = await listDeliveries(userId, deliveriesFrom(webhookIdFrom(params), query));
      return { fields: { deliveries: page.deliveries.map(wireDelivery), next_cursor: page.nextCursor } };
    },
  },
  {
    method: "POST",
    path: "/v1/webhooks/:id/deliveries/:delivery_id/replay",
    status: 201,
    description: {
      summary: "Send an event again, with the same id and body, as a new delivery",
      answer: deliveryOutput,
      example: examples.waitingDelivery,
    },
    handle: async ({ userId, params }) => ({
      fields: wireDelivery(
        await replayDelivery(userId, { webhookId: webhookIdFrom(params), deliveryId: deliveryIdFrom(params) }),
      ),
    }),
    create: async ({ userId, params }, sql) => ({
      fields: wireDelivery(
        await replayDelivery(userId, { webhookId: webhookIdFrom(params), deliveryId: deliveryIdFrom(params) }, sql),
      ),
      announce: nothing,
    }),
  },
];
