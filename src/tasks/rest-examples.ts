// Answers as the OpenAPI document shows them, without `success`.
export const id = "task_mh2k4p9q7f3m1x8c5v0b2n";
export const otherId = "task_mh2k4p9r2d6h9j4k1l7z3w";
const at = "2026-11-25T08:00:00.000Z";
const later = "2026-11-25T08:05:00.000Z";
const config = { lr: 0.001, epochs: 10 };

export const newTask = { name: "digits lr=0.001", config, entrypoint: "digits.mjs", priority: 5, tags: ["sweep"] };

export const queuedTask = {
  task_id: id,
  name: newTask.name,
  config,
  priority: 5,
  status: "queued",
  queue: "default",
  entrypoint: "digits.mjs",
  command: null,
  metadata: {},
  tags: ["sweep"],
  resources: { gpus: 0, cpus: 0, memory_mb: 0 },
  result: null,
  error_message: null,
  attempt: 0,
  max_attempts: 1,
  timeout_seconds: null,
  queue_position: 1,
  run_at: null,
  depends_on: [],
  waiting_reason: null,
  created_at: at,
  started_at: null,
  completed_at: null,
  updated_at: at,
  user_id: "user_mh2k4000a1b2c3d4e5f6g7",
  worker_id: null,
  cancel_requested_at: null,
};
export const runningTask = {
  ...queuedTask,
  status: "running",
  attempt: 1,
  queue_position: null,
  started_at: later,
  updated_at: later,
  worker_id: "gpu-box-1",
};
export const clientTask = { ...runningTask, entrypoint: null, worker_id: null };
export const createdBatch = { task_ids: [id, otherId], created_count: 2 };
export const taskPage = { tasks: [runningTask], total: 1, limit: 100, offset: 0, next_cursor: null };
export const newPriority = { task_id: id, new_priority: 10, new_queue_position: 1 };
export const cancelled = { task_id: id, status: "cancelled", cancel_requested_at: later };
export const submitted = { task_id: id, status: "completed" };
export const logs = {
  task_id: id,
  logs: [{ timestamp: later, level: "INFO", message: "epoch 1 loss 0.53", line: 1, stream: "stdout", attempt: 1 }],
};
export const metrics = { task_id: id, metrics: { loss: [{ step: 1, value: 0.53, timestamp: later }] } };
export const queueStatus = {
  queue_name: "default",
  queue_status: "active",
  pause_reason: null,
  statistics: { pending: 0, queued: 4, running: 1, completed: 12, failed: 1, cancelled: 0 },
  current_tasks: [{ task_id: id, name: newTask.name, status: "running", started_at: later }],
  queue_length: 4,
  estimated_wait_time: "5m0s",
  estimated_wait_seconds: 300,
  workers: [
    {
      worker_id: "gpu-box-1",
      host: "gpu-box",
      slots: 2,
      busy: 1,
      gpus: ["0"],
      draining: false,
      last_heartbeat_at: later,
    },
  ],
};
export const paused = {
  queue_name: "default",
  queue_status: "paused",
  message: "Queue default is paused. Running tasks go on.",
};
export const resumed = { queue_name: "default", queue_status: "active", message: "Queue default is active." };
export const reordered = {
  message: "2 tasks were reordered.",
  new_order: [
    { task_id: otherId, position: 1 },
    { task_id: id, position: 2 },
  ],
};
export const newTemplate = { name: "small", config, description: "fits on a laptop" };
export const template = { template_id: "tmpl_mh2k4p9q7f3m1x8c5v0b2n", ...newTemplate, created_at: at, updated_at: at };
export const statistics = {
  period: { start: "2026-11-25", end: "2026-11-25" },
  statistics: {
    total_tasks: 18,
    completed_tasks: 12,
    failed_tasks: 1,
    cancelled_tasks: 0,
    average_duration: "1m2s",
    average_duration_seconds: 62.4,
    success_rate: 0.923,
    by_day: [{ date: "2026-11-25", total: 18, completed: 12, failed: 1, cancelled: 0 }],
  },
};
