// What the server, or the way to it, refused: read once from whatever was thrown.
import { isTRPCClientError } from "@trpc/client";
import type { ErrorDetail } from "../platform/errors";

export type Refusal = {
  kind: "offline" | "signed-out" | "not-found" | "unavailable" | "refused" | "broken";
  /** as the server wrote it; empty when it was not reached */
  sentence: string;
  requestId: string | null;
  details: ErrorDetail[];
};

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

const textIn = (record: Record<string, unknown>, name: string): string | null => {
  const value = record[name];
  return typeof value === "string" && value !== "" ? value : null;
};

const detailsIn = (record: Record<string, unknown>): ErrorDetail[] =>
  Array.isArray(record.details)
    ? record.details.flatMap((one: unknown) =>
        isRecord(one) && typeof one.path === "string" && typeof one.message === "string"
          ? [{ path: one.path, message: one.message }]
          : [],
      )
    : [];

const kindOf = (status: unknown): Refusal["kind"] => {
  if (status === 401) return "signed-out";
  if (status === 404) return "not-found";
  if (status === 502 || status === 503 || status === 504) return "unavailable";
  return typeof status === "number" && status >= 400 && status < 500 ? "refused" : "broken";
};

export const refusalOf = (error: unknown): Refusal => {
  if (!isTRPCClientError(error))
    return {
      kind: "broken",
      sentence: error instanceof Error ? error.message : String(error),
      requestId: null,
      details: [],
    };
  const body: unknown = error.data;
  // Without a body the answer did not come from our server: it is away, or something stands in between.
  if (!isRecord(body)) return { kind: "offline", sentence: "", requestId: null, details: [] };
  return {
    kind: kindOf(body.httpStatus),
    sentence: error.message,
    requestId: textIn(body, "requestId"),
    details: detailsIn(body),
  };
};

export const isOffline = (error: unknown): boolean => refusalOf(error).kind === "offline";

/** Whether what was to be changed has another version by now. */
export const isStale = (error: unknown): boolean =>
  isTRPCClientError(error) && isRecord(error.data) && error.data.httpStatus === 412;
