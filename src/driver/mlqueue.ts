// The package's door: `import { createClient, defineDriver, openUnit } from "mlqueue"`.
export type { ClaimedRun, RunContext } from "./claimed-run";
export { type AppRouter, type Client, type ClientOptions, createClient } from "./client";
export {
  type Driver,
  type DriverDefinition,
  defineDriver,
  type RunResult,
  type StartOptions,
  type Tally,
} from "./driver";
export {
  type AbortKind,
  AuthError,
  type BadField,
  ConflictError,
  InvalidInputError,
  MLQueueError,
  NotFoundError,
  ProgramError,
  RateLimitError,
  RunAborted,
  ServerError,
  UnavailableError,
} from "./errors";
export type { ExecOptions } from "./exec";
export type { ParamsOf, ParamsSchema } from "./params";
export { type ClaimOptions, openUnit, type Unit, type UnitOptions } from "./unit";
