// The sentences of all refusals. A key that a language lacks does not compile.
const en = {
  authRequired: "Sign in, or send an API key or token as `Authorization: Bearer …`.",
  invalidToken: "This API key or token is not known, or it has expired.",
  forbidden: "This key may not do that.",
  crossSite: "A page of another site may not do this with your sign-in.",
  commandsOff: "Commands are switched off on this server (ALLOW_COMMANDS); name an entrypoint instead.",
  notFound: "There is nothing at {path}.",
  methodNotAllowed: "{method} is not possible at {path}.",
  taskNotFound: "There is no task {id}.",
  groupNotFound: "There is no group {id}.",
  unitNotFound: "There is no unit {id}.",
  runNotFound: "There is no run {id}.",
  sweepNotFound: "There is no sweep {id}.",
  groupRuns: "A run of group {id} is running. Cancel it first, or remove the group with force.",
  unitRuns: "A run of unit {id} is running. Cancel it first, or remove the unit with force.",
  unitChanged: "Unit {id} was changed meanwhile: it is at version {version}.",
  runStatus: "Run {id} is {status}, and not {wanted}.",
  runsNotPending: "No pending runs of this unit: {ids}. Nothing was moved.",
  inTrash: "What {id} belongs to is in the trash: restore that first.",
  webhookNotFound: "There is no webhook endpoint {id}.",
  deliveryNotFound: "There is no delivery {id} of this endpoint.",
  webhookLimit: "An account may have {max} webhook endpoints: delete one first.",
  webhookOff: "Endpoint {id} is off: turn it on first.",
  templateNotFound: "There is no template {id}.",
  badField: "{what} {message}.",
  cannotBeStored: "The request holds a value that cannot be stored.",
  taskRunning: "Task {id} is running.",
  taskNotQueued: "Task {id} is {status}: only a queued task can do that.",
  taskEnded: "Task {id} has ended: it is {status}.",
  taskNotRetryable: "Task {id} is {status}: only a failed or cancelled task can be retried.",
  workerRunsTask: "Task {id} has an entrypoint or a command: only a worker runs it.",
  notQueued: "Not queued: {ids}. Nothing was moved.",
  templateExists: "There is a template named {name} already.",
  idempotencyMismatch: "This Idempotency-Key was used with another request.",
  idempotencyBusy: "The first request with this Idempotency-Key is still under way.",
  payloadTooLarge: "The body is larger than {limit}.",
  queueFull: "Queue {queue} is full: it holds {count} of {max} tasks.",
  unavailable: "The service cannot reach its database just now. Try again in a moment.",
  internal: "Something went wrong here. The request id helps to find it in the log.",
};

export type ErrorKey = keyof typeof en;
export type ErrorParams = Record<string, string | number>;

const catalogues = { en } satisfies Record<string, Record<ErrorKey, string>>;

/** The sentence for a refusal, its `{name}`s filled in. */
export const errorSentence = (locale: keyof typeof catalogues, key: ErrorKey, params: ErrorParams): string =>
  catalogues[locale][key].replace(/\{(\w+)\}/g, (_, name: string) => String(params[name] ?? ""));
