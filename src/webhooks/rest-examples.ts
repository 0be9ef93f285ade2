// Answers as the OpenAPI document shows them, without `success`.
const at = "2026-11-25T08:00:00.000Z";

export const newEndpoint = { url: "https://example.org/hooks/mlqueue", events: ["task.completed", "task.failed"] };
export const endpoint = {
  webhook_id: "hook_mh2k4p9q7f3m1x8c5v0b2n",
  ...newEndpoint,
  active: true,
  off_reason: null,
  old_secret_until: null,
  created_at: at,
  updated_at: at,
};
export const secret = "whsec_bWxxdWV1ZSBleGFtcGxlIHNlY3JldCwgbm90IG9uZSE=";
export const endpointWithSecret = { ...endpoint, secret };

export const delivery = {
  delivery_id: "dlv_19ab3f0c2d1b8c44f0a1e2d3c4b",
  event_id: "evt_task_mh2k4p9q7f3m1x8c5v0b2n_2",
  event: "task.completed",
  url: newEndpoint.url,
  status: "delivered",
  tries: 1,
  status_code: 200,
  answer: "ok",
  error: null,
  created_at: at,
  next_try_at: null,
  delivered_at: at,
  body: `{"event" : "task.completed", "task_id" : "task_mh2k4p9q7f3m1x8c5v0b2n", "status" : "completed", "timestamp" : "${at}", "result" : {"accuracy": 0.91}, "error_message" : null}`,
};
export const waitingDelivery = {
  ...delivery,
  status: "pending",
  tries: 0,
  status_code: null,
  answer: null,
  next_try_at: at,
  delivered_at: null,
};
