// OpenAPI 3.1 for what exists, from the routes and the schemas of their verbs.
import { z } from "zod";
import { version } from "../../package.json";
import { ERROR_CODES } from "../platform/errors";
import { toSnake } from "../platform/field-names";
import { isJsonObject, type JsonObject } from "../platform/json-safety";
import type { Bucket } from "../platform/request-context";
import { bucketOf, MIB, needsOfRoute, type Route } from "../platform/route";
import { answerText, type Exchange } from "./answer";
import { routes } from "./rest";

/** Parts of the path, which the verbs' inputs hold, too. */
const PATH_FIELDS = new Set(["task_id", "template_id", "webhook_id", "delivery_id"]);

const renamed = (schema: unknown): unknown => {
  if (Array.isArray(schema)) return schema.map(renamed);
  if (!isJsonObject(schema)) return schema;
  return Object.fromEntries(
    Object.entries(schema).map(([keyword, value]) => {
      if (keyword === "properties" && isJsonObject(value))
        return [keyword, Object.fromEntries(Object.entries(value).map(([name, one]) => [toSnake(name), renamed(one)]))];
      if (keyword === "required" && Array.isArray(value)) return [keyword, value.map((name) => toSnake(String(name)))];
      return [keyword, renamed(value)];
    }),
  );
};

type ObjectSchema = { properties: JsonObject; required: string[] };

/** A schema of ours with the contract's names. Objects stay open: an unknown field is ignored. */
const objectSchema = (type: z.ZodType, io: "input" | "output"): ObjectSchema => {
  const schema = renamed(
    z.toJSONSchema(type, {
      io,
      unrepresentable: "any",
      override: ({ zodSchema, jsonSchema }) => {
        // The only values that we check by hand are JSON objects. That they hold anything has to be said: generators of typed
        // clients take an object of which nothing is told for one that is empty.
        if (zodSchema._zod.def.type === "custom")
          Object.assign(jsonSchema, { type: "object", additionalProperties: true });
        if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
      },
    }),
  );
  const { properties, required } = isJsonObject(schema) ? schema : {};
  return {
    properties: isJsonObject(properties) ? properties : {},
    required: Array.isArray(required) ? required.map(String) : [],
  };
};

const withoutPathFields = ({ properties, required }: ObjectSchema): ObjectSchema => ({
  properties: Object.fromEntries(Object.entries(properties).filter(([name]) => !PATH_FIELDS.has(name))),
  required: required.filter((name) => !PATH_FIELDS.has(name)),
});

/** Objects that are the caller's own: what an example holds says nothing of another's. */
const FREE_FORM = new Set(["config", "parameters", "metadata", "metrics", "result", "env"]);
/** Null where there is nothing to tell. What an example shows as null may be anything. */
const MAY_BE_NULL = new Set([
  ...["description", "result", "metrics", "error_msg", "error_message", "pause_reason", "queue"],
  ...["started_at", "completed_at", "cancelled_at", "cancel_requested_at", "last_heartbeat", "estimated_wait_time"],
  ...[
    "estimated_wait_seconds",
    "stall_timeout_seconds",
    "new_queue_position",
    "average_duration",
    "average_duration_seconds",
  ],
]);

const orNull = (schema: JsonObject, name: string): JsonObject =>
  MAY_BE_NULL.has(name) ? { ...schema, type: [schema.type ?? "object", "null"] } : schema;

/** The types that an example shows. */
const schemaOfExample = (value: unknown, name = ""): JsonObject => {
  if (value === null) return {};
  if (FREE_FORM.has(name)) return orNull({ type: "object", additionalProperties: true }, name);
  if (Array.isArray(value)) return { type: "array", ...(value.length > 0 && { items: schemaOfExample(value[0]) }) };
  if (!isJsonObject(value)) return orNull({ type: typeof value }, name);
  const properties = Object.entries(value).map(([key, one]) => [key, schemaOfExample(one, key)]);
  return orNull({ type: "object", properties: Object.fromEntries(properties) }, name);
};

const answerSchema = ({ description }: Route): JsonObject => {
  const { properties, required } = description.answer
    ? objectSchema(description.answer, "output")
    : {
        properties: schemaOfExample(description.example).properties as JsonObject,
        required: Object.keys(description.example),
      };
  return {
    type: "object",
    properties: { success: { const: true }, ...properties },
    required: ["success", ...required],
  };
};

const parametersOf = (route: Route): JsonObject[] => {
  const inPath = [...route.path.matchAll(/:(\w+)/g)].map(([, name]) => ({
    name,
    in: "path",
    required: true,
    schema: { type: "string", pattern: "^[A-Za-z0-9_-]+$" },
  }));
  const query = route.description.query
    ? withoutPathFields(objectSchema(route.description.query, "input"))
    : { properties: {} };
  const inQuery = Object.entries(query.properties).map(([name, schema]) => ({
    name,
    in: "query",
    schema,
    ...(isJsonObject(schema) &&
      schema.type === "array" && { style: "form", explode: true, description: "repeated, or separated by commas" }),
  }));
  const inHeader = route.create
    ? [
        {
          name: "Idempotency-Key",
          in: "header",
          schema: { type: "string", maxLength: 255 },
          description: "The same key with the same body within 24 h answers the first response again.",
        },
      ]
    : [];
  return [...inPath, ...inQuery, ...inHeader];
};

const bodyOf = (route: Route): JsonObject => {
  const { body, exampleBody } = route.description;
  if (!body) return {};
  const { properties, required } = withoutPathFields(objectSchema(body, "input"));
  const schema = { type: "object", properties, ...(required.length > 0 && { required }) };
  return {
    requestBody: {
      required: required.length > 0,
      description: `At most ${(route.maxBodyBytes ?? MIB) / MIB} MiB.`,
      content: { "application/json": { schema, ...(exampleBody && { example: exampleBody }) } },
    },
  };
};

const header = (description: string): JsonObject => ({ description, schema: { type: "integer" } });

/** On every answer to a request that was counted; left out where the limit is off. */
const limitHeaders = {
  "RateLimit-Limit": header("Requests of this kind that the account may send in any 60 s"),
  "RateLimit-Remaining": header("How many more it may send right now"),
  "RateLimit-Reset": header("Seconds until it may send one more than that"),
};

const LIMIT_OF: Record<Bucket, string> = {
  write: "Counts as a write.",
  batch: "Counts as the creation of a batch.",
  traffic: "Counts with reads and with what drivers and running programs send.",
};

const operation = (route: Route): JsonObject => ({
  operationId: `${route.method.toLowerCase()}${route.path.replace(/[^A-Za-z0-9]+(\w)/g, (_, letter: string) => letter.toUpperCase())}`,
  summary: route.description.summary,
  description: `${LIMIT_OF[bucketOf(route)]} Needs the scope \`${needsOfRoute(route).scope}\`.`,
  tags: [route.path.split("/")[2] ?? ""],
  parameters: parametersOf(route),
  ...bodyOf(route),
  responses: {
    [route.status ?? 200]: {
      description: "Success",
      headers: { "X-Request-Id": { schema: { type: "string" } }, ...limitHeaders },
      content: {
        "application/json": { schema: answerSchema(route), example: { success: true, ...route.description.example } },
      },
    },
    default: { $ref: "#/components/responses/Error" },
  },
});

const health = (summary: string, example: JsonObject, responses: JsonObject = {}): JsonObject => ({
  get: {
    summary,
    tags: ["service"],
    security: [],
    responses: {
      200: { description: "Success", content: { "application/json": { schema: schemaOfExample(example), example } } },
      ...responses,
    },
  },
});

const READY = {
  success: true,
  status: "ready",
  dependencies: { postgres: { state: "ok" }, redis: { state: "ok" }, schema: { state: "ok" } },
};

const errorSchema = {
  type: "object",
  properties: {
    success: { const: false },
    error: { type: "string", description: "a sentence for people" },
    code: { enum: Object.keys(ERROR_CODES) },
    request_id: { type: "string", description: "the same as in the header X-Request-Id and in the log" },
    details: {
      type: "array",
      items: {
        type: "object",
        properties: { path: { type: "string" }, message: { type: "string" } },
        required: ["path", "message"],
      },
    },
  },
  required: ["success", "error", "code", "request_id", "details"],
};

const errorExample = {
  success: false,
  error: "config.lr must be a finite number.",
  code: "INVALID_CONFIG",
  request_id: "req_46cd097133a400007",
  details: [{ path: "config.lr", message: "must be a finite number" }],
};

/** The whole document. */
export const openApiDocument = (): JsonObject => {
  const paths: Record<string, JsonObject> = {
    "/health": health("Whether this process answers", { success: true, status: "ok" }),
    "/ready": health("Whether all that it needs answers, too", READY, {
      503: { $ref: "#/components/responses/Error" },
    }),
  };
  paths["/metrics"] = {
    get: {
      summary: "Figures for Prometheus",
      tags: ["service"],
      security: [],
      description: "Where METRICS_TOKEN is set, it has to be sent as bearer.",
      responses: {
        200: { description: "Prometheus' text format", content: { "text/plain": { schema: { type: "string" } } } },
        401: { $ref: "#/components/responses/Error" },
      },
    },
  };
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, "{$1}");
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(route) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "MLQueue",
      version,
      description:
        "The run queue for ML training. With a bearer, paths under /tasks, /queue, /configs and /statistics are served as if /v1 stood before them. " +
        "A body that is not sent counts as `{}`; unknown fields are ignored; null is the same as left out.",
    },
    servers: [{ url: "/" }],
    security: [{ bearer: [] }],
    paths,
    components: {
      securitySchemes: {
        bearer: { type: "http", scheme: "bearer", description: "an API key, or a JWT from POST /v1/auth/token" },
      },
      schemas: { Error: errorSchema },
      responses: {
        Error: {
          description: "Refused or failed; 429 and 503 say in `Retry-After` how many seconds to wait",
          headers: { "Retry-After": header("Seconds to wait, with 429 and 503"), ...limitHeaders },
          content: { "application/json": { schema: { $ref: "#/components/schemas/Error" }, example: errorExample } },
        },
      },
    },
  };
};

let text: string | undefined;

export const answerOpenApi = (exchange: Exchange): void => {
  text ??= JSON.stringify(openApiDocument());
  answerText(exchange, 200, "application/json", text);
};
