// `mlqueue/driver`: the loop and what it needs, without the client's door.
export type { ClaimedRun, RunContext } from "./claimed-run";
export {
  type Driver,
  type DriverDefinition,
  defineDriver,
  type RunResult,
  type StartOptions,
  type Tally,
} from "./driver";
export { type AbortKind, MLQueueError, ProgramError, RunAborted } from "./errors";
export type { ExecOptions } from "./exec";
export type { ParamsOf, ParamsSchema } from "./params";
export { type ClaimOptions, openUnit, type Unit, type UnitOptions } from "./unit";
