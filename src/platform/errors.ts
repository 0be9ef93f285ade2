// Refusals: one closed table from code to HTTP status and tRPC code. The sentences are in src/i18n/errors.ts.
import type { TRPC_ERROR_CODE_KEY } from "@trpc/server/rpc";
import { type ErrorKey, type ErrorParams, errorSentence } from "../i18n/errors";
import type { Locale } from "../i18n/locale";
import { type Problem, type ProblemKey, type ProblemParams, problemText } from "../i18n/problems";

export const ERROR_CODES = {
  AUTH_REQUIRED: { status: 401, trpc: "UNAUTHORIZED" },
  INVALID_TOKEN: { status: 401, trpc: "UNAUTHORIZED" },
  FORBIDDEN: { status: 403, trpc: "FORBIDDEN" },
  NOT_FOUND: { status: 404, trpc: "NOT_FOUND" },
  TASK_NOT_FOUND: { status: 404, trpc: "NOT_FOUND" },
  METHOD_NOT_ALLOWED: { status: 405, trpc: "METHOD_NOT_SUPPORTED" },
  INVALID_CONFIG: { status: 400, trpc: "BAD_REQUEST" },
  INVALID_PRIORITY: { status: 400, trpc: "BAD_REQUEST" },
  INVALID_REQUEST: { status: 400, trpc: "BAD_REQUEST" },
  TASK_ALREADY_RUNNING: { status: 409, trpc: "CONFLICT" },
  TASK_ALREADY_COMPLETED: { status: 409, trpc: "CONFLICT" },
  INVALID_QUEUE_STATUS: { status: 409, trpc: "CONFLICT" },
  CONFLICT: { status: 409, trpc: "CONFLICT" },
  PRECONDITION_FAILED: { status: 412, trpc: "PRECONDITION_FAILED" },
  PAYLOAD_TOO_LARGE: { status: 413, trpc: "PAYLOAD_TOO_LARGE" },
  RATE_LIMIT_EXCEEDED: { status: 429, trpc: "TOO_MANY_REQUESTS" },
  QUEUE_FULL: { status: 503, trpc: "SERVICE_UNAVAILABLE" },
  UNAVAILABLE: { status: 503, trpc: "SERVICE_UNAVAILABLE" },
  INTERNAL_ERROR: { status: 500, trpc: "INTERNAL_SERVER_ERROR" },
} as const satisfies Record<string, { status: number; trpc: TRPC_ERROR_CODE_KEY }>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** One bad field: `path` as the caller wrote it, such as `tasks[3].config.lr`. */
export type ErrorDetail = { path: string; message: string };
/** The same, before it is told in a language. */
export type FieldProblem = Problem & { path: string };

/** What a client of tRPC finds in `error.data`. */
export type ErrorData = {
  code: ErrorCode;
  httpStatus: number;
  path: string | undefined;
  requestId: string | undefined;
  details: ErrorDetail[];
  /** for people */
  sentence: string;
  retryAfterSeconds: number | undefined;
};

type Options = { params?: ErrorParams; problems?: FieldProblem[]; retryAfterSeconds?: number; cause?: unknown };

export const detailsIn = (locale: Locale, problems: FieldProblem[]): ErrorDetail[] =>
  problems.map((problem) => ({ path: problem.path, message: problemText(locale, problem) }));

/** The sentence of a bad field is made of its first problem. */
const sentenceOf = (locale: Locale, key: ErrorKey, params: ErrorParams, [first]: FieldProblem[]): string => {
  if (key !== "badField" || !first) return errorSentence(locale, key, params);
  const message = problemText(locale, first);
  return first.path === ""
    ? errorSentence(locale, "badBody", { message })
    : errorSentence(locale, "badField", { what: first.path, message });
};

/** A refusal that a caller can do something about. Everything else that is thrown is a bug. `message` is English, for the log. */
export class DomainError extends Error {
  readonly problems: FieldProblem[];
  readonly retryAfterSeconds: number | undefined;
  readonly params: ErrorParams;

  constructor(
    readonly code: ErrorCode,
    readonly key: ErrorKey,
    { params = {}, problems = [], retryAfterSeconds, cause }: Options = {},
  ) {
    super(sentenceOf("en", key, params, problems), { cause });
    this.name = "DomainError";
    this.params = params;
    this.problems = problems;
    this.retryAfterSeconds = retryAfterSeconds;
  }

  get status(): number {
    return ERROR_CODES[this.code].status;
  }

  get details(): ErrorDetail[] {
    return this.detailsIn("en");
  }

  detailsIn(locale: Locale): ErrorDetail[] {
    return detailsIn(locale, this.problems);
  }

  sentenceIn(locale: Locale): string {
    return sentenceOf(locale, this.key, this.params, this.problems);
  }

  /** The same refusal with its fields under other names. */
  renamed(nameOf: (path: string) => string): DomainError {
    const problems = this.problems.map((problem) => ({ ...problem, path: nameOf(problem.path) }));
    const { params, retryAfterSeconds } = this;
    return new DomainError(this.code, this.key, {
      ...{ params, problems, cause: this },
      ...(retryAfterSeconds !== undefined && { retryAfterSeconds }),
    });
  }
}

/** A refusal of one field. The code follows the field: `config`, `parameters`, `result` and `priority` have their own. */
export const badField = (path: string, key: ProblemKey, params: ProblemParams = {}): DomainError =>
  badFields([{ path, key, params }]);

/** A refusal of several fields; the first one decides the code. */
export const badFields = (given: FieldProblem[]): DomainError => {
  const problems: FieldProblem[] = given.length > 0 ? given : [{ path: "", key: "notValid" }];
  const field = problems[0]?.path.replace(/^(tasks|queues|runs)\[\d+\]\.?/, "").split(/[.[]/)[0] ?? "";
  const code =
    field === "priority"
      ? "INVALID_PRIORITY"
      : field === "config" || field === "parameters" || field === "result"
        ? "INVALID_CONFIG"
        : "INVALID_REQUEST";
  return new DomainError(code, "badField", { problems });
};

/** SQLSTATEs that mean: the value cannot be stored. A last net behind the checks at the door. */
const BAD_VALUE = new Set(["22P05", "22P02", "22021", "22003", "22008", "22009", "2201B", "54000", "54001"]);
/** Connection failures of postgres.js and ioredis, and PostgreSQL that is starting, stopping or full. */
const AWAY = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "ENOTFOUND",
  "EAI_AGAIN",
  "ENOENT",
  "CONNECTION_CLOSED",
  "CONNECTION_ENDED",
  "CONNECTION_DESTROYED",
  "CONNECT_TIMEOUT",
  "57P01",
  "57P02",
  "57P03",
  "53300",
  "08000",
  "08001",
  "08003",
  "08004",
  "08006",
]);

const codeOf = (error: unknown): string =>
  typeof error === "object" && error !== null && "code" in error ? String(error.code) : "";

/** Whether PostgreSQL or Redis could not be reached. */
export const isOutage = (error: unknown): boolean =>
  AWAY.has(codeOf(error)) || (error instanceof AggregateError && error.errors.some(isOutage));

/** A statement that took longer than PostgreSQL was told to let it take, or waited longer for a lock. */
const isTooLong = (error: unknown): boolean => ["57014", "55P03"].includes(codeOf(error));

/** Deadlock or serialization failure: the same statement may be tried again. */
export const isRetryable = (error: unknown): boolean => ["40P01", "40001"].includes(codeOf(error));

/** What an edge answers for anything that was thrown; null for a bug. */
export const toDomainError = (error: unknown): DomainError | null => {
  if (error instanceof DomainError) return error;
  if (isOutage(error) || isTooLong(error))
    return new DomainError("UNAVAILABLE", "unavailable", { retryAfterSeconds: 2, cause: error });
  if (BAD_VALUE.has(codeOf(error))) return new DomainError("INVALID_REQUEST", "cannotBeStored", { cause: error });
  return null;
};
