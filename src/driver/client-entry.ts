// `mlqueue/client`: the typed client alone.
export { type AppRouter, type Client, type ClientOptions, createClient } from "./client";
export {
  AuthError,
  type BadField,
  ConflictError,
  InvalidInputError,
  MLQueueError,
  NotFoundError,
  RateLimitError,
  ServerError,
  UnavailableError,
} from "./errors";
