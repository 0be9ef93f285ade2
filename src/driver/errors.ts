// What the driver package throws: one class for each kind of trouble, with the server's code.
import { TRPCClientError } from "@trpc/client";

/** One bad field: `path` as the caller wrote it. */
export type BadField = { path: string; message: string };

type Facts = {
  message: string;
  code: string;
  retryable: boolean;
  requestId?: string | undefined;
  details?: BadField[] | undefined;
  retryAfterSeconds?: number | undefined;
  cause?: Error | undefined;
};

/**
 * A call that did not succeed. `code` is the server's (`NOT_FOUND`, `INVALID_CONFIG` …), or `UNREACHABLE` when no answer came
 * and `BAD_ANSWER` when it came from something that is no MLQueue server.
 */
export class MLQueueError extends Error {
  readonly code: string;
  /** The same call may succeed later. */
  readonly retryable: boolean;
  /** Under this id the server's log tells more. */
  readonly requestId: string | undefined;
  readonly details: BadField[];
  readonly retryAfterSeconds: number | undefined;

  constructor(facts: Facts) {
    super(facts.message, { ...(facts.cause && { cause: facts.cause }) });
    this.name = new.target.name;
    this.code = facts.code;
    this.retryable = facts.retryable;
    this.requestId = facts.requestId;
    this.details = facts.details ?? [];
    this.retryAfterSeconds = facts.retryAfterSeconds;
  }
}

/** The key is missing, unknown, or may not do this. */
export class AuthError extends MLQueueError {}
/** There is no such thing in this account. */
export class NotFoundError extends MLQueueError {}
/** The thing is not in the state for this, for instance a run that belongs to a later attempt by now. */
export class ConflictError extends MLQueueError {}
/** The server does not accept what was sent; `details` names the fields. */
export class InvalidInputError extends MLQueueError {}
/** Too many calls; `retryAfterSeconds` says how long to wait. */
export class RateLimitError extends MLQueueError {}
/** No answer, or one that says "later". */
export class UnavailableError extends MLQueueError {}
/** The server met a fault of its own. */
export class ServerError extends MLQueueError {}

const classOf = (code: string, status: number): typeof MLQueueError => {
  if (status === 401 || status === 403) return AuthError;
  if (status === 404) return NotFoundError;
  if (status === 409 || status === 412) return ConflictError;
  if (status === 429) return RateLimitError;
  if (code === "UNREACHABLE" || (status >= 502 && status <= 504)) return UnavailableError;
  return status >= 500 ? ServerError : InvalidInputError;
};

/** A key that is used by a twin of this very request right now comes with a time to wait. */
const isRetryable = (status: number, retryAfterSeconds: number | undefined): boolean =>
  status === 408 || status === 429 || status >= 500 || (status === 409 && retryAfterSeconds !== undefined);

const statusIn = (meta: Record<string, unknown> | undefined): number => {
  const response = meta?.response;
  return response instanceof Response ? response.status : 0;
};

/** The server's word on a refusal (platform/trpc.ts). An answer of something else, such as a proxy, has none. */
type ErrorData = {
  code: string;
  httpStatus: number;
  requestId?: string;
  details?: BadField[];
  retryAfterSeconds?: number;
};
const dataIn = (data: unknown): ErrorData | null =>
  typeof data === "object" && data !== null && "code" in data && "httpStatus" in data ? (data as ErrorData) : null;

/** tRPC's error as one of ours; what is no error of a call stays what it is. */
export const toMLQueueError = (error: unknown): unknown => {
  if (!(error instanceof TRPCClientError)) return error;
  const data = dataIn(error.data);
  if (data !== null)
    return new (classOf(data.code, data.httpStatus))({
      message: error.message,
      code: data.code,
      retryable: isRetryable(data.httpStatus, data.retryAfterSeconds),
      requestId: data.requestId,
      details: data.details,
      retryAfterSeconds: data.retryAfterSeconds,
      cause: error,
    });
  const status = statusIn(error.meta);
  const code = status === 0 ? "UNREACHABLE" : "BAD_ANSWER";
  return new (classOf(code, status === 0 ? 503 : status))({
    message:
      status === 0
        ? `The server could not be reached: ${reasonOf(error)}`
        : `The answer (HTTP ${status}) is not one of an MLQueue server.`,
    code,
    retryable: status === 0 || isRetryable(status, undefined),
    cause: error,
  });
};

/** For a call that took longer than it may. */
export const noAnswerWithin = (timeoutMs: number, cause: unknown): UnavailableError =>
  new UnavailableError({
    message: `The server did not answer within ${timeoutMs / 1000} s.`,
    code: "UNREACHABLE",
    retryable: true,
    ...(cause instanceof Error && { cause }),
  });

/** fetch says "fetch failed"; what failed stands in the cause. */
const reasonOf = (error: Error): string => {
  let inner: unknown = error;
  for (let depth = 0; depth < 5 && inner instanceof Error && inner.cause instanceof Error; depth++) inner = inner.cause;
  return inner instanceof Error ? inner.message || inner.name : String(inner);
};

/** Why the signal of a run was aborted. */
export type AbortKind = "cancelled" | "lost" | "drain";

const SENTENCES: Record<AbortKind, string> = {
  cancelled: "The run was cancelled.",
  lost: "The run is no longer this driver's: it was deleted, or started again elsewhere.",
  drain: "The driver was told to stop at once.",
};

/** The reason of a run's `AbortSignal`. */
export class RunAborted extends Error {
  constructor(readonly kind: AbortKind) {
    super(SENTENCES[kind]);
    this.name = "RunAborted";
  }
}

/** A program that `ctx.exec` ran ended badly. */
export class ProgramError extends Error {
  constructor(
    message: string,
    readonly exitCode: number | null,
    readonly signal: string | null,
  ) {
    super(message);
    this.name = "ProgramError";
  }
}
