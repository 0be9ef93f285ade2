/** What an endpoint may subscribe to (REST contract, "Webhooks"). A task that becomes `pending` is no event: it is told once it is queued. */
export const WEBHOOK_EVENTS = [
  "task.queued",
  "task.started",
  "task.completed",
  "task.failed",
  "task.cancelled",
  "run.queued",
  "run.started",
  "run.completed",
  "run.failed",
  "run.cancelled",
] as const;
export type WebhookEvent = (typeof WEBHOOK_EVENTS)[number];

/** Sent on request, to one endpoint, whatever it subscribes to. */
export const TEST_EVENT = "webhook.test";
