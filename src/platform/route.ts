// A REST route as data: what api/rest.ts serves and api/openapi.ts describes.
import type { z } from "zod";
import type { SqlLike } from "./db";
import type { Keeping } from "./idempotency";
import type { JsonObject } from "./json-safety";
import type { Bucket, Need, Needs } from "./request-context";

/** A request whose caller, path and body were checked. */
export type Call = {
  userId: string;
  scopes: string[];
  proof: "key" | "token";
  /** the key that was sent; undefined for a token */
  keyId: string | undefined;
  /** the parts of the path that `:names` stand for */
  params: Record<string, string>;
  query: URLSearchParams;
  /** `{}` when no body was sent */
  body: JsonObject;
  /** of a stream that the client takes up again */
  lastEventId: string | undefined;
  /** the version that a change is meant for */
  ifMatch: string | undefined;
};

/** A stream of server-sent events. `send` waits for a slow reader; `ended` is aborted when the reader is gone. */
export type EventStream = {
  send: (event: { id?: string; event: string; data: unknown }) => Promise<void>;
  ended: AbortSignal;
};

/** What a route answers: fields beside `success`, plain text, or a stream. */
export type Answer =
  | { fields: JsonObject; etag?: string }
  | { text: string }
  | { stream: (out: EventStream) => Promise<void> };

/** What a route creates inside a transaction, and what is to be done once that is committed. */
export type Created = { fields: JsonObject; announce: () => Promise<void> };

/** What the OpenAPI document says of a route. */
export type RouteDescription = {
  summary: string;
  /** the schemas of the verb's input, in camelCase; api/openapi.ts renames them. Parts of the path are left out there. */
  body?: z.ZodType;
  query?: z.ZodType;
  /** the schema of the procedure's output, where the answer is the same in snake_case; else the example tells the types */
  answer?: z.ZodType;
  /** an answer without `success`, as the document shows it */
  example: JsonObject;
  /** a body that the route accepts */
  exampleBody?: JsonObject;
};

export type Route = {
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** such as `/v1/tasks/:id` */
  path: string;
  /** of success; 200 unless given */
  status?: number;
  /** 1 MiB unless given */
  maxBodyBytes?: number;
  /** the limit that a request counts against; `traffic` for GET and `write` for all else unless given */
  bucket?: Bucket;
  /** what a key must be allowed; by default `read` for GET, `run` for other traffic, else `write` */
  scope?: Need;
  description: RouteDescription;
  handle: (call: Call) => Promise<Answer>;
  /** What a POST that creates does when it carries an Idempotency-Key: the same, in the transaction that keeps the answer. */
  create?: (call: Call, sql: SqlLike) => Promise<Created>;
  /** Its own rows tell who did it and when: nothing is recorded besides. */
  isUnrecorded?: true;
  /** How its answer is kept for an Idempotency-Key, where it holds a secret. */
  keep?: Keeping;
};

export const bucketOf = ({ bucket, method }: Route): Bucket => bucket ?? (method === "GET" ? "traffic" : "write");

export const needsOfRoute = (route: Route): Needs => {
  const bucket = bucketOf(route);
  const usual = route.method === "GET" ? "read" : bucket === "traffic" ? "run" : "write";
  return { bucket, scope: route.scope ?? usual };
};

export const MIB = 1024 * 1024;
