// tRPC: who calls, checks that all procedures share, and the one translation of errors.
import { initTRPC, type ProcedureType, TRPCError } from "@trpc/server";
import { z } from "zod";
import { cameBy, isRecorded } from "./caller";
import { badField, badFields, DomainError, ERROR_CODES, type ErrorData, toDomainError } from "./errors";
import { findUnsafe } from "./json-safety";
import type { Needs, RequestContext } from "./request-context";
import { problemsOf } from "./validate";

/** The refusals of tRPC itself: no such procedure, a body that is no JSON. */
const refusalOf = (error: TRPCError, path = ""): DomainError => {
  if (error.cause instanceof DomainError) return error.cause;
  switch (error.code) {
    case "NOT_FOUND":
      return new DomainError("NOT_FOUND", "noProcedure", { params: { path } });
    case "METHOD_NOT_SUPPORTED":
      return new DomainError("METHOD_NOT_ALLOWED", "wrongMethod");
    case "PARSE_ERROR":
    case "BAD_REQUEST":
    case "UNSUPPORTED_MEDIA_TYPE":
      return badField("", "notTrpc");
    default:
      return toDomainError(error.cause) ?? new DomainError("INTERNAL_ERROR", "internal", { cause: error });
  }
};

const t = initTRPC
  .context<RequestContext>()
  .meta<Partial<Needs>>()
  .create({
    errorFormatter: ({ shape, error, ctx, path }) => {
      const refusal = refusalOf(error, path);
      const locale = ctx?.locale ?? "en";
      const sentence = refusal.sentenceIn(locale);
      const data: ErrorData = {
        code: refusal.code,
        httpStatus: refusal.status,
        path,
        requestId: ctx?.requestId,
        details: refusal.detailsIn(locale),
        sentence,
        retryAfterSeconds: refusal.retryAfterSeconds,
      };
      return { ...shape, message: sentence, data };
    },
    sse: { ping: { enabled: true, intervalMs: 15_000 }, client: { reconnectAfterInactivityMs: 40_000 } },
  });

export const router = t.router;
export const createCallerFactory = t.createCallerFactory;

/** A refusal as tRPC throws it: its code decides the HTTP status. */
const toTRPCError = (refusal: DomainError): TRPCError =>
  new TRPCError({ code: ERROR_CODES[refusal.code].trpc, message: refusal.message, cause: refusal });

/** Input that the schema refused is named field by field, as in REST. An output that it refused is a bug of ours. */
const asRefusal = (error: TRPCError, input: unknown): DomainError | null => {
  if (error.code === "BAD_REQUEST" && error.cause instanceof z.ZodError)
    return badFields(problemsOf(error.cause, input));
  return error.code === "INTERNAL_SERVER_ERROR" ? toDomainError(error.cause) : null;
};

const translate = t.middleware(async ({ next, getRawInput }) => {
  const result = await next();
  if (result.ok) return result;
  const refusal = asRefusal(result.error, await getRawInput());
  throw refusal ? toTRPCError(refusal) : result.error;
});

const refuseUnsafe = t.middleware(async ({ next, getRawInput }) => {
  const unsafe = findUnsafe(await getRawInput());
  if (unsafe) throw toTRPCError(unsafe);
  return next();
});

/** What a procedure asks of its caller: what its `meta` says, else by its kind. */
export const needsOf = (type: ProcedureType, meta: Partial<Needs> | undefined): Needs => {
  const bucket = meta?.bucket ?? (type === "mutation" ? "write" : "traffic");
  const usual = type !== "mutation" ? "read" : bucket === "traffic" ? "run" : "write";
  return { bucket, scope: meta?.scope ?? usual };
};

const authenticated = t.middleware(async ({ next, ctx, type, meta }) => {
  const needs = needsOf(type, meta);
  const { userId, scopes, sid, by } = await ctx.authenticate(needs);
  const run = () => next({ ctx: { userId, scopes, sid } });
  return by && isRecorded(needs) ? cameBy(by, run) : run();
});

const counted = t.middleware(async ({ next, ctx }) => {
  await ctx.countTry();
  return next();
});

/** A procedure for somebody who is not signed in, and has a secret of another kind. */
export const openProcedure = t.procedure.use(translate).use(counted).use(refuseUnsafe);

/** A procedure for a caller who is known; its context has `userId`. */
export const procedure = t.procedure.use(translate).use(authenticated).use(refuseUnsafe);
