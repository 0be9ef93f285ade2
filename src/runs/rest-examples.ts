// Answers as the OpenAPI document shows them, without `success`.
const groupId = "group_mh2k4p9q7f3m1x8c5v0b2n";
const unitId = "unit_mh2k4p9r2d6h9j4k1l7z3w";
const runId = "run_mh2k4p9s8k1b5n2x4c7v0m";
export const otherRunId = "run_mh2k4p9t3f6g9h2j5k8l1q";
const userId = "user_mh2k4000a1b2c3d4e5f6g7";
const at = "2026-11-25T08:00:00.000Z";
const later = "2026-11-25T08:05:00.000Z";

export const newGroup = { name: "resnet", description: "image models" };
export const group = {
  group_id: groupId,
  name: "resnet",
  description: "image models",
  metadata: {},
  unit_count: 1,
  created_at: at,
  updated_at: at,
  user_id: userId,
};

export const newShare = { email: "ada@example.org", role: "editor" };
export const share = {
  user_id: "user_mh2k4111h8i9j0k1l2m3n4",
  email: "ada@example.org",
  role: "editor",
  created_at: at,
  created_by: userId,
};

export const newUnit = { name: "resnet50", config: { dataset: "imagenet" } };
export const unit = {
  unit_id: unitId,
  group_id: groupId,
  name: "resnet50",
  description: null,
  config: { dataset: "imagenet" },
  metadata: {},
  version: 3,
  status: "idle",
  connection_status: "connected",
  last_heartbeat: at,
  queue_count: 2,
  stall_timeout_seconds: 120,
  created_at: at,
  updated_at: at,
  user_id: userId,
};

export const newQueue = { parameters: { lr: 0.01, epochs: 10 }, created_by: "client" };
export const queue = {
  queue_id: runId,
  unit_id: unitId,
  attempt: 0,
  name: "lr=0.01 epochs=10",
  parameters: { lr: 0.01, epochs: 10 },
  order: 1,
  status: "pending",
  cancelled_at: null,
  result: null,
  metrics: null,
  error_msg: null,
  created_by: "client",
  metadata: {},
  started_at: null,
  completed_at: null,
  created_at: at,
  updated_at: at,
  user_id: userId,
};
export const running = { ...queue, attempt: 1, status: "running", started_at: at };
export const completed = { ...running, status: "completed", result: { accuracy: 0.97 }, completed_at: later };
export const failed = { ...running, status: "failed", error_msg: "CUDA out of memory", completed_at: later };
export const cancelled = {
  ...running,
  status: "failed",
  cancelled_at: later,
  error_msg: "cancelled",
  completed_at: later,
};

export const statistics = { statistics: { total: 2, pending: 1, running: 0, completed: 1, failed: 0 } };
export const points = [{ key: "loss", value: 0.31, step: 100, timestamp: at }];
export const lines = [{ message: "epoch 1 loss=0.31", stream: "stdout", timestamp: at }];
export const logs = {
  queue_id: runId,
  logs: [{ line: 1, timestamp: at, stream: "stdout", level: "INFO", message: "epoch 1 loss=0.31", attempt: 1 }],
};
export const metrics = { queue_id: runId, metrics: { loss: [{ step: 100, value: 0.31, timestamp: at }] } };
