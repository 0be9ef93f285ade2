// Requests made from the OpenAPI document, valid and mutated, to a built server (MLQUEUE_DIST) in a process of its own: no fault of
// ours, no reset, only answers that the document knows, and memory that stays flat.
// The long form: `FUZZ_REQUESTS=100000 FUZZ_SEED=7 npm test -- src/api/fuzz`.
import Ajv2020, { type ValidateFunction } from "ajv/dist/2020";
import fc from "fast-check";
import { expect, test } from "vitest";
import { isJsonObject, type JsonObject } from "../platform/json-safety";
import { makeAccount } from "../testing/make";
import { useTestServices } from "../testing/services";
import { useWebProcesses } from "../testing/web-process";
import { openApiDocument } from "./openapi";

useTestServices();
const web = useWebProcesses();

const REQUESTS = Number(process.env.FUZZ_REQUESTS ?? 5000);
const SEED = Number(process.env.FUZZ_SEED ?? 20_261_130);
const AT_ONCE = 8;
/** Fewer requests than this do not warm a server up: its memory would be compared with that of a start. */
const MEMORY_FROM = 50_000;
/**
 * node puts off collecting for as long as the machine has memory: without a bound 100,000 requests moved it between 340 and 500 MB,
 * of which 80 were in use. So it has little, as in a small container: it collects, and what it keeps shows.
 */
const OLD_SPACE_MB = 192;

const median = (numbers: number[]): number => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;

const objectAt = (from: unknown, ...path: string[]): JsonObject =>
  path.reduce<JsonObject>((at, name) => (isJsonObject(at[name]) ? at[name] : {}), isJsonObject(from) ? from : {});

/** What no schema wants: other kinds, what JSON cannot say twice, what is too long, too deep or too large. */
const strange: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    -1,
    0,
    1.5,
    1e308,
    -(2 ** 53),
    "",
    "\u0000",
    "\ud800",
    " ",
    "__proto__",
    "9".repeat(400),
  ),
  fc.constantFrom<unknown>([], {}, [[]], { __proto__: 1 }, { constructor: { prototype: 1 } }, ["x", 1, null]),
  fc.integer({ min: 1, max: 80 }).map((depth) => JSON.parse(`${'{"a":'.repeat(depth)}1${"}".repeat(depth)}`)),
  fc.string({ unit: "binary", maxLength: 300 }),
  fc.jsonValue({ maxDepth: 3 }),
);

/** Of a string that says which form it has. */
const textOf = (name: string, schema: JsonObject): fc.Arbitrary<unknown> => {
  if (/_at$|_after$|_before$|timestamp/.test(name))
    return fc.date({ noInvalidDate: true }).map((at) => at.toISOString());
  if (/_date$/.test(name)) return fc.constantFrom("2026-11-01", "2026-02-30", "1999-12-31");
  if (/url$/.test(name)) return fc.constantFrom("https://hooks.example.org/x", "http://127.0.0.1/x", "ftp://a/b", "x");
  const maxLength = Math.min(Number(schema.maxLength ?? 40), 40);
  return fc.string({ minLength: Math.min(Number(schema.minLength ?? 0), maxLength), maxLength });
};

const valuesOf = (name: string, schema: JsonObject, depth = 0): fc.Arbitrary<unknown> => {
  if (Array.isArray(schema.enum)) return fc.constantFrom(...schema.enum);
  if ("const" in schema) return fc.constant(schema.const);
  for (const word of ["anyOf", "oneOf"])
    if (Array.isArray(schema[word]))
      return fc.oneof(...(schema[word] as JsonObject[]).map((one) => valuesOf(name, one, depth)));
  const type = Array.isArray(schema.type) ? schema.type[0] : schema.type;
  switch (type) {
    case "integer":
    case "number": {
      const min = Math.max(Number(schema.minimum ?? -1000), -1_000_000);
      return fc.integer({ min, max: Math.max(min, Math.min(Number(schema.maximum ?? 1000), 1_000_000)) });
    }
    case "boolean":
      return fc.boolean();
    case "null":
      return fc.constant(null);
    case "array":
      return fc.array(valuesOf(name, objectAt(schema, "items"), depth + 1), {
        minLength: Math.min(Number(schema.minItems ?? 0), 4),
        maxLength: 4,
      });
    case "string":
      return textOf(name, schema);
    default: {
      const properties = Object.entries(objectAt(schema, "properties"));
      if (properties.length === 0 || depth > 3)
        return fc.dictionary(fc.constantFrom("lr", "epochs", "seed"), fc.jsonValue({ maxDepth: 1 }), { maxKeys: 3 });
      return recordOf(properties, Array.isArray(schema.required) ? schema.required.map(String) : [], depth + 1);
    }
  }
};

const recordOf = (
  properties: [string, unknown][],
  requiredKeys: string[],
  depth: number,
): fc.Arbitrary<Record<string, unknown>> =>
  fc.record(
    Object.fromEntries(
      properties.map(([name, schema]) => [
        name,
        fc.oneof(
          { weight: 19, arbitrary: valuesOf(name, isJsonObject(schema) ? schema : {}, depth) },
          { weight: 1, arbitrary: strange },
        ),
      ]),
    ),
    { requiredKeys: properties.map(([name]) => name).filter((name) => requiredKeys.includes(name)) },
  );

type Wanted = {
  method: string;
  /** with `{id}` where an id belongs */
  path: string;
  ids: number[];
  query: Record<string, unknown>;
  body: unknown;
  headers: Record<string, string>;
};

const document = openApiDocument();
const ajv = new Ajv2020({ strict: false, validateFormats: false });
const isError: ValidateFunction = ajv.compile(objectAt(document, "components", "schemas", "Error"));

type Operation = { wanted: fc.Arbitrary<Wanted>; isAnswer: (status: number) => ValidateFunction | null };

const operationOf = (method: string, path: string, operation: JsonObject): Operation => {
  const parameters = (operation.parameters as JsonObject[] | undefined) ?? [];
  const query = parameters
    .filter((one) => one.in === "query")
    .map((one) => [String(one.name), one.schema] as [string, unknown]);
  const body = objectAt(operation, "requestBody", "content", "application/json", "schema");
  const validators = new Map(
    Object.entries(objectAt(operation, "responses"))
      .filter(([status]) => /^\d+$/.test(status))
      .map(([status, answer]) => [status, ajv.compile(objectAt(answer, "content", "application/json", "schema"))]),
  );
  return {
    isAnswer: (status) => validators.get(String(status)) ?? null,
    wanted: fc.record({
      method: fc.constant(method.toUpperCase()),
      path: fc.constant(path),
      ids: fc.array(fc.nat(), { minLength: 2, maxLength: 2 }),
      query: recordOf(query, [], 0),
      body:
        method === "get" || method === "delete"
          ? fc.constant(undefined)
          : fc.oneof(
              { weight: 12, arbitrary: valuesOf("", body) },
              { weight: 1, arbitrary: strange },
              { weight: 1, arbitrary: fc.constant(undefined) },
            ),
      headers: fc.oneof(
        { weight: 9, arbitrary: fc.constant({}) },
        {
          weight: 1,
          arbitrary: fc.record(
            {
              "Idempotency-Key": fc.constantFrom("a", "b", "c"),
              "If-Match": fc.constantFrom('"1"', "*", "x"),
              "Accept-Language": fc.constantFrom("zh", "en"),
            },
            { requiredKeys: [] },
          ),
        },
      ),
    }),
  };
};

/** What is created is found again by later requests. */
const IDS = /"((?:task|group|unit|run|hook|tmpl)_[a-z0-9]+)"/g;
/** What the ids behind a part of a path begin with. */
const PREFIXES: Record<string, string> = {
  tasks: "task_",
  templates: "tmpl_",
  webhooks: "hook_",
  groups: "group_",
  units: "unit_",
  queues: "run_",
};

test(
  `${REQUESTS} requests, seed ${SEED}`,
  async () => {
    const { key } = await makeAccount();
    const server = await web.start({ NODE_OPTIONS: `--max-old-space-size=${OLD_SPACE_MB}` });
    const operations = new Map<string, Operation>();
    for (const [path, methods] of Object.entries(objectAt(document, "paths")))
      for (const [method, operation] of Object.entries(isJsonObject(methods) ? methods : {}))
        if (/^\/v[12]\//.test(path) && isJsonObject(operation))
          operations.set(`${method} ${path}`, operationOf(method, path, operation));
    const each = Math.ceil(REQUESTS / operations.size);
    const requests = [...operations].flatMap(([name, { wanted }], nth) =>
      fc
        .sample(wanted, { numRuns: each, seed: SEED + nth })
        .map((one, at) => ({ name, ...one, order: (at * 7919 + nth * 104_729) % 1_000_003 })),
    );
    requests.sort((a, b) => a.order - b.order);
    const ids = ["nobodys", " ", "a".repeat(300)];
    const statuses = new Map<number, number>();

    const send = async (one: (typeof requests)[number]): Promise<void> => {
      let at = 0;
      const path = one.path.replace(/(\w+)\/\{\w+\}/g, (_, part: string) => {
        const drawn = one.ids[at++] ?? 0;
        const fitting = ids.filter((id) => id.startsWith(PREFIXES[part] ?? "none"));
        const among = fitting.length > 0 && drawn % 8 !== 0 ? fitting : ids;
        return `${part}/${encodeURIComponent(among[drawn % among.length] ?? "")}`;
      });
      const query = new URLSearchParams();
      for (const [name, value] of Object.entries(one.query))
        for (const part of Array.isArray(value) ? value : [value])
          query.append(name, typeof part === "object" ? JSON.stringify(part) : String(part));
      query.delete("follow");
      const response = await fetch(`${server.url}${path}?${query}`, {
        method: one.method,
        headers: {
          Authorization: `Bearer ${key}`,
          ...one.headers,
          ...(one.body !== undefined && { "Content-Type": "application/json" }),
        },
        body: one.body === undefined ? null : JSON.stringify(one.body),
      });
      const text = await response.text();
      const type = response.headers.get("content-type") ?? "";
      const answer = {
        status: response.status,
        text,
        type,
        json: type.startsWith("application/json") ? JSON.parse(text) : {},
      };
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
      const told = `${one.method} ${path}?${query}\n${JSON.stringify(one.body)?.slice(0, 2000)}\n→ ${answer.status} ${answer.text.slice(0, 1000)}`;
      expect(answer.status, told).not.toBe(500);
      if (answer.status >= 400) {
        expect(isError(answer.json), `${told}\n${JSON.stringify(isError.errors)}`).toBe(true);
        return;
      }
      if (answer.type.startsWith("text/plain")) return;
      const isAnswer = operations.get(one.name)?.isAnswer(answer.status);
      expect(isAnswer, `${told}\nThe document has no answer ${answer.status}.`).toBeTruthy();
      expect(isAnswer?.(answer.json), `${told}\n${JSON.stringify(isAnswer?.errors)}`).toBe(true);
      for (const [, id] of answer.text.slice(0, 4000).matchAll(IDS))
        if (id && ids.length < 400 && !ids.includes(id)) ids.push(id);
    };
    let next = 0;
    const resident: number[] = [];
    const worker = async (): Promise<void> => {
      for (let at = next++; at < requests.length; at = next++) {
        if (at % Math.ceil(requests.length / 100) === 0) resident.push(server.residentBytes());
        await send(requests[at] as (typeof requests)[number]);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
    const [early, late] = [median(resident.slice(20, 30)), median(resident.slice(-10))];
    console.info(
      `${requests.length} requests, answers by status: ${JSON.stringify(Object.fromEntries(statuses))}; memory ` +
        `${Math.round(early / 1e6)} MB after a fifth, ${Math.round(late / 1e6)} MB at the end (× ${(late / early).toFixed(2)})`,
    );
    expect(server.log()).not.toContain('"level":"error"');
    if (requests.length >= MEMORY_FROM) expect(late / early).toBeLessThanOrEqual(1.2);
    // A fuzz that is refused at the door tests the door alone.
    const succeeded = [...statuses].filter(([status]) => status < 300).reduce((sum, [, count]) => sum + count, 0);
    expect(succeeded / requests.length, JSON.stringify([...statuses])).toBeGreaterThan(0.15);
    expect(ids.length).toBeGreaterThan(50);
  },
  60_000 + REQUESTS * 10,
);
