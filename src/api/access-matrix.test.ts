// Every route and procedure × every place where an id can stand × every kind of caller, made from the table of routes, that of
// procedures, and their schemas: another account's object is answered as one that does not exist, to the byte, and who is refused
// changes nothing. access.test.ts has what each scope may do.
import { encode } from "next-auth/jwt";
import { beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { createKey, revokeKey } from "../accounts/api-keys";
import { roleAllows } from "../accounts/roles";
import { allows } from "../accounts/scopes";
import { createSignIn } from "../accounts/sign-in";
import { getSql } from "../platform/db";
import { getEnv } from "../platform/env";
import { toSnake } from "../platform/field-names";
import { newId } from "../platform/ids";
import { isJsonObject, type JsonObject } from "../platform/json-safety";
import type { Need } from "../platform/request-context";
import { needsOfRoute } from "../platform/route";
import { createCallerFactory, needsOf } from "../platform/trpc";
import { type HttpAnswer, useHttpServer } from "../testing/http";
import { type Account, makeAccount } from "../testing/make";
import { useTestServices } from "../testing/services";
import { routes } from "./rest";
import { appRouter } from "./root";

useTestServices();
const { call } = useHttpServer();

// ── What an account has ───────────────────────────────────────────────────────────────────────────

/** One of each thing that has an id. */
const KINDS = [
  ...(["task", "template", "webhook", "delivery", "key", "signIn"] as const),
  ...(["group", "unit", "run", "target", "sweep", "groupName", "unitName", "claimKey"] as const),
  // whom the group is shared with
  "partner",
] as const;
type Kind = (typeof KINDS)[number];
type Things = Record<Kind | "removedGroup" | "removedUnit" | "removedRun", string>;

const makeThings = async ({ userId }: Account): Promise<Things> => {
  const api = createCallerFactory(appRouter)({
    requestId: "req_test",
    locale: "en",
    authenticate: async () => ({ userId, scopes: ["*"] }),
    countTry: async () => {},
  });
  const named = () => newId("group");
  const [groupName, unitName, claimKey] = [named(), named(), named()];
  const { groupId } = await api.groups.create({ name: groupName });
  const { unitId } = await api.units.create({ groupId, name: unitName });
  const parameters = { lr: { kind: "list" as const, values: [1, 2] } };
  const { sweep } = await api.sweeps.create({ unitId, recipe: { parameters } });
  const { runs } = await api.runs.createMany({
    unitId,
    runs: [{ parameters: { a: 1 } }, { parameters: { a: 2 } }, { parameters: { a: 3 } }],
  });
  const [run = "", target = "", removedRun = ""] = runs.map((one) => one.runId);
  await api.units.claim({ unitId, claimKey });
  await api.runs.remove({ runId: removedRun });
  const inTrash = await api.groups.create({ name: named() });
  const unitInTrash = await api.units.create({ groupId, name: named() });
  await api.groups.remove({ groupId: inTrash.groupId });
  await api.units.remove({ unitId: unitInTrash.unitId });
  const { taskId } = await api.tasks.create({ name: "a task", config: {} });
  const { templateId } = await api.tasks.createTemplate({ name: named(), config: {} });
  const { webhookId } = await api.webhooks.create({ url: "https://198.100.1.1/hook" });
  const { deliveryId } = await api.webhooks.test({ webhookId });
  const partner = await makeAccount();
  await api.shares.put({ groupId, email: partner.email, role: "viewer" });
  const { keyId } = await createKey(userId, { name: "spare", scopes: ["read"] });
  return {
    ...{ task: taskId, template: templateId, webhook: webhookId, delivery: deliveryId, key: keyId },
    ...{ signIn: await createSignIn(userId), group: groupId, unit: unitId, run, target, sweep: sweep.sweepId },
    ...{ groupName, unitName, claimKey, removedRun, partner: partner.userId },
    ...{ removedGroup: inTrash.groupId, removedUnit: unitInTrash.unitId },
  };
};

/** As an id of the kind looks, and nobody's. */
const nobodys = (like: string): string => newId(like.split("_")[0] as "task");

// ── Where ids stand ───────────────────────────────────────────────────────────────────────────────

/** What a field names, by its last word. */
const ID_FIELDS: Record<string, Kind> = {
  ...{ taskId: "task", taskIds: "task", dependsOn: "task", subjectId: "task", templateId: "template" },
  ...{ webhookId: "webhook", deliveryId: "delivery", keyId: "key", signInId: "signIn" },
  ...{ groupId: "group", unitId: "unit", sweepId: "sweep", group: "groupName", unit: "unitName" },
  ...{ runId: "run", runIds: "run", queueIds: "run", running: "run", beforeId: "target", parentId: "run", keep: "run" },
  ...{ also: "run" },
  ...{ claimKey: "claimKey", userId: "partner", actorId: "partner", objectId: "run" },
};
/**
 * Text that names no object of an account: queues and entrypoints are shared by all; a cursor is a place in the caller's own list;
 * who shares a group is told whether an address has an account (src/README.md).
 */
const OTHER_TEXT = new Set([
  ...["name", "description", "reason", "q", "tag", "tags", "queue", "cursor", "key", "command", "entrypoint", "env"],
  ...["url", "webhookUrl", "uri", "errorMessage", "errorMsg", "message", "timestamp", "runAt", "expiresAt"],
  ...[
    "createdAfter",
    "createdBefore",
    "startDate",
    "endDate",
    "current",
    "next",
    "driverId",
    "lastEventId",
    "email",
    "text",
  ],
]);
/** What an id in a path belongs to, by the part before it. */
const ID_PARTS: Record<string, Kind> = {
  ...{ tasks: "task", templates: "template", webhooks: "webhook", deliveries: "delivery" },
  ...{ groups: "group", units: "unit", queues: "run", shares: "partner" },
};
/** Procedures that want what lies in the trash. */
const FROM_TRASH: Record<string, "removedGroup" | "removedUnit" | "removedRun"> = {
  ...{ "groups.restore": "removedGroup", "units.restore": "removedUnit", "runs.restore": "removedRun" },
};

type Schema = JsonObject & { properties?: Record<string, Schema>; items?: Schema; required?: string[] };

const schemaOf = (type: z.ZodType): Schema =>
  z.toJSONSchema(type, {
    io: "input",
    unrepresentable: "any",
    override: ({ zodSchema, jsonSchema }) => {
      if (zodSchema._zod.def.type === "custom") jsonSchema.type = "object";
    },
  }) as Schema;

const branches = (schema: Schema): Schema[] =>
  ["anyOf", "oneOf", "allOf"].flatMap((word) => (Array.isArray(schema[word]) ? (schema[word] as Schema[]) : []));

/** Where text may stand in what the schema describes: the names on the way, `*` for each entry of a list. */
const textsIn = (schema: Schema, path: string[] = []): string[][] => {
  const inner = branches(schema);
  if (inner.length > 0) return inner.flatMap((one) => textsIn(one, path));
  if (schema.type === "array") return textsIn(schema.items ?? {}, [...path, "*"]);
  if (schema.type === "string") return Array.isArray(schema.enum) ? [] : [path];
  // A recipe's parameters are the caller's own.
  return Object.entries(schema.properties ?? {}).flatMap(([name, one]) =>
    name === "recipe" ? [] : textsIn(one, [...path, name]),
  );
};
const lastName = (path: string[]): string => path.filter((name) => name !== "*").at(-1) ?? "";

const SAMPLES: Record<string, unknown> = {
  ...{ url: "https://198.100.1.1/hook", expiresAt: "2040-01-01T00:00:00Z", next: "another password", key: "loss" },
  recipe: { parameters: { lr: { kind: "list", values: [3, 4] } } },
};

/** The least that the schema takes, with the account's own ids, and with what lies at `wanted` although it may be left out. */
const least = (schema: Schema, things: Things, wanted: string[] | null, name = ""): unknown => {
  if (name in SAMPLES) return SAMPLES[name];
  const [inner] = branches(schema);
  if (inner) return least(inner, things, wanted, name);
  if (Array.isArray(schema.enum)) return schema.enum[0];
  switch (schema.type) {
    case "string": {
      const kind = ID_FIELDS[name];
      return kind ? things[kind] : "a";
    }
    case "integer":
    case "number":
      return Math.max(Number(schema.minimum ?? 1), 1);
    case "boolean":
      return false;
    case "array": {
      const isWanted = wanted?.[0] === "*";
      if (!isWanted && !schema.minItems) return [];
      return [least(schema.items ?? {}, things, isWanted ? wanted.slice(1) : null, name)];
    }
    default:
      return Object.fromEntries(
        Object.entries(schema.properties ?? {})
          .filter(([key]) => schema.required?.includes(key) || wanted?.[0] === key)
          .map(([key, one]) => [key, least(one, things, wanted?.[0] === key ? wanted.slice(1) : null, key)]),
      );
  }
};

/** The same with `id` at the place, in a list beside the account's own. */
const withId = (value: unknown, [step, ...rest]: string[], id: string): unknown => {
  if (step === undefined) return id;
  if (step === "*" && Array.isArray(value)) return [...value, ...value.slice(0, 1).map((one) => withId(one, rest, id))];
  if (!isJsonObject(value)) throw new Error(`${step} leads nowhere.`);
  return { ...value, [step]: withId(value[step], rest, id) };
};

// ── What is called ────────────────────────────────────────────────────────────────────────────────

type Place = { path: string[]; kind: keyof Things; where: "path" | "body" | "query" };
type Endpoint = {
  name: string;
  isRest: boolean;
  /** a session's reads are let through wherever they come from: another site cannot see the answer */
  isRead: boolean;
  scope: Need;
  places: Place[];
  unknownTexts: string[];
  /** sends the least that is right, with an id of its own kind at a place */
  send: (options: Sent) => Promise<HttpAnswer>;
};
type Sent = { things: Things; headers: Record<string, string>; at?: { place: Place; id: string } };

const unknownIn = (texts: string[][]): string[] =>
  texts
    .filter((path) => !(lastName(path) in ID_FIELDS) && !OTHER_TEXT.has(lastName(path)))
    .map((path) => path.join("."));
const placesIn = (texts: string[][], where: "body" | "query", name = ""): Place[] =>
  texts.flatMap((path) => {
    const kind = ID_FIELDS[lastName(path)];
    return kind ? [{ path, where, kind: FROM_TRASH[name] ?? kind }] : [];
  });

/** In a REST body the schemas' names are the contract's. */
const snaked = (value: unknown): unknown =>
  Array.isArray(value)
    ? value.map(snaked)
    : isJsonObject(value)
      ? Object.fromEntries(Object.entries(value).map(([key, one]) => [toSnake(key), snaked(one)]))
      : value;

/** The parts of a path that the verbs' schemas repeat. */
const IN_PATH = new Set(["taskId", "templateId", "webhookId", "deliveryId"]);

const restEndpoints: Endpoint[] = routes.map((route) => {
  const schemaFor = (type: z.ZodType | undefined): Schema => (type ? schemaOf(type) : {});
  const [body, query] = [schemaFor(route.description.body), schemaFor(route.description.query)];
  const textsOf = (schema: Schema) => textsIn(schema).filter(([head = ""]) => !IN_PATH.has(head));
  const parts = route.path.split("/");
  const inPath: Place[] = parts.flatMap((part, index) => {
    if (!part.startsWith(":")) return [];
    const kind = ID_PARTS[parts[index - 1] ?? ""];
    return [{ path: [part], where: "path" as const, kind: kind ?? "task" }];
  });
  const unknownParts = parts.filter((part, index) => part.startsWith(":") && !ID_PARTS[parts[index - 1] ?? ""]);
  const hasBody = route.method !== "GET" && route.method !== "DELETE";
  return {
    name: `${route.method} ${route.path}`,
    ...{ isRest: true, isRead: route.method === "GET", scope: needsOfRoute(route).scope },
    places: [...inPath, ...placesIn(textsOf(body), "body"), ...placesIn(textsOf(query), "query")],
    unknownTexts: [...unknownParts, ...unknownIn(textsOf(body)), ...unknownIn(textsOf(query))],
    send: ({ things, headers, at }) => {
      const path = parts.map((part, index) => {
        if (!part.startsWith(":")) return part;
        if (at?.place.where === "path" && at.place.path[0] === part) return at.id;
        return things[ID_PARTS[parts[index - 1] ?? ""] ?? "task"];
      });
      const filled = (schema: Schema, where: "body" | "query") => {
        const own = least(schema, things, at?.place.where === where ? at.place.path : null);
        return snaked(at?.place.where === where ? withId(own, at.place.path, at.id) : own) as Record<string, string>;
      };
      const search = new URLSearchParams(hasBody ? {} : filled(query, "query"));
      return call(route.method, `${path.join("/")}?${search}`, {
        headers,
        ...(hasBody && { body: filled(body, "body") }),
      });
    },
  };
});

type Procedure = {
  _def: { type: "query" | "mutation" | "subscription"; meta?: Parameters<typeof needsOf>[1]; inputs?: z.ZodType[] };
};

/** Of those who are not signed in yet: accounts/first-account.test.ts and admin.test.ts have them. */
const OPEN = new Set(["entry.acceptInvitation", "entry.setUp"]);

const trpcEndpoints: Endpoint[] = Object.entries(appRouter._def.procedures as unknown as Record<string, Procedure>)
  .filter(([name]) => !OPEN.has(name))
  .map(([name, { _def }]) => {
    const [type] = _def.inputs ?? [];
    const schema = type ? schemaOf(type) : {};
    const texts = textsIn(schema);
    return {
      name,
      ...{ isRest: false, isRead: _def.type !== "mutation" },
      scope: needsOf(_def.type, _def.meta).scope,
      places: placesIn(texts, "body", name),
      unknownTexts: unknownIn(texts),
      send: ({ things, headers, at }) => {
        const trash = FROM_TRASH[name];
        const own = least(
          schema,
          trash ? { ...things, [ID_FIELDS[texts[0]?.[0] ?? ""] ?? ""]: things[trash] } : things,
          at?.place.path ?? null,
        );
        const input = at ? withId(own, at.place.path, at.id) : own;
        return _def.type === "mutation"
          ? call("POST", `/api/trpc/${name}`, { headers, body: input })
          : call("GET", `/api/trpc/${name}?input=${encodeURIComponent(JSON.stringify(input))}`, { headers });
      },
    };
  });

const all = [...restEndpoints, ...trpcEndpoints];
/** About the caller's own things, and about the whole server. */
const endpoints = all.filter(({ scope }) => scope !== "server");
const owners = all.filter(({ scope }) => scope === "server");

// ── What is compared ──────────────────────────────────────────────────────────────────────────────

let tables: string[] = [];

/** Changes with each row that is inserted, changed or deleted: `ctid` and `xmin` name a row's version. When a key was used last does not count. */
const digest = async (where = "true"): Promise<string> => {
  const version = (table: string) =>
    table === "api_keys" ? "(to_jsonb(t) - 'last_used_at')::text" : "ctid::text || xmin::text";
  const of = (table: string) =>
    `SELECT sum(hashtextextended(${version(table)}, 0)) AS n FROM "${table}" t WHERE ${where}`;
  const rows = await getSql().unsafe<{ n: string | null }[]>(
    tables.map((table) => `SELECT '${table}' AS "table", n::text FROM (${of(table)}) AS s`).join(" UNION ALL "),
  );
  return JSON.stringify(rows);
};

/** Rows that were there when the other account's things had been made; a row that is changed or deleted leaves them. */
const theirRows = async (): Promise<string> => digest(`xmin::text::int8 <= ${madeUntil}`);

/** Status and code of a refusal; a subscription has sent its status before it knows of one. */
const refusalOf = ({ status, json, text }: HttpAnswer): [status: unknown, code: unknown] => {
  const event = /event: serialized-error\ndata: (.*)/.exec(text)?.[1];
  const error: unknown = event === undefined ? json.error : JSON.parse(event);
  const data = isJsonObject(error) && isJsonObject(error.data) ? error.data : {};
  return [data.httpStatus ?? status, json.code ?? data.code];
};

/** An answer without what differs between two equal ones: ids, times, and the id that was asked for. */
const comparable = ({ status, text, headers }: HttpAnswer, asked: string) => ({
  status,
  type: headers.get("content-type"),
  text: text
    .replaceAll(asked, "<asked>")
    .replace(/\b[a-zA-Z]+_[0-9a-z]{16,}\b/g, "<id>")
    .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, "<time>"),
});

let mine: Account;
let victim: Account;
let victims: Things;
/** the number of the transaction after those that made them */
let madeUntil = "";
let callers: { name: string; headers: Record<string, string>; status: 401; code: string }[];
let crossSite: Record<string, string>;
let viewer: Record<string, string>;
let narrow: { scope: string; headers: Record<string, string> }[];
const bearer = (key: string) => ({ Authorization: `Bearer ${key}` });

beforeAll(async () => {
  victim = await makeAccount();
  victims = await makeThings(victim);
  const [made] = await getSql()<{ id: string }[]>`SELECT pg_current_xact_id()::text AS id`;
  madeUntil = made?.id ?? "";
  mine = await makeAccount();
  SAMPLES.email = (await makeAccount()).email;
  tables = (
    await getSql()<{ name: string }[]>`SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'`
  ).map(({ name }) => name);
  const revoked = await createKey(mine.userId, { name: "revoked", scopes: ["*"] });
  await revokeKey(mine.userId, revoked);
  const expired = await createKey(mine.userId, { name: "expired", scopes: ["*"] });
  await getSql()`UPDATE api_keys SET expires_at = now() - interval '1 s' WHERE id = ${expired.keyId}`;
  const token = { sub: mine.userId, email: mine.email, sid: await createSignIn(mine.userId) };
  const Cookie = `next-auth.session-token=${await encode({ token, secret: getEnv().NEXTAUTH_SECRET })}`;
  crossSite = { Cookie, Origin: "https://evil.example" };
  callers = [
    { name: "no key", headers: {}, status: 401, code: "AUTH_REQUIRED" },
    { name: "a key of nobody's", headers: bearer("mlq_nobodys"), status: 401, code: "INVALID_TOKEN" },
    { name: "a key that was taken back", headers: bearer(revoked.key), status: 401, code: "INVALID_TOKEN" },
    { name: "a key that expired", headers: bearer(expired.key), status: 401, code: "INVALID_TOKEN" },
  ];
  viewer = bearer((await makeAccount("viewer")).key);
  narrow = [];
  for (const scope of ["read", "run", "write"])
    narrow.push({ scope, headers: bearer((await createKey(mine.userId, { name: scope, scopes: [scope] })).key) });
});

// ── The matrix ────────────────────────────────────────────────────────────────────────────────────

test("each text that a caller may send is known to be an id or not to be one", () => {
  const unknown = endpoints.flatMap(({ name, unknownTexts }) => unknownTexts.map((text) => `${name}: ${text}`));
  expect(unknown).toEqual([]);
});

test("the places are those of the contract, and each kind of id stands somewhere", () => {
  const places = endpoints.flatMap((endpoint) => endpoint.places.map((place) => ({ ...place, name: endpoint.name })));
  expect(places.length).toBeGreaterThan(130);
  expect(KINDS.filter((kind) => !places.some((place) => place.kind === kind))).toEqual([]);
  const inPaths = endpoints.filter(({ isRest, name }) => isRest && name.includes(":"));
  expect(inPaths.filter(({ places: its }) => !its.some(({ where }) => where === "path"))).toEqual([]);
});

let spare: Things | undefined;

/** The caller's own things, as they are made: until a call may have changed them, the same. */
const untouched = async (): Promise<Things> => {
  if (spare) return spare;
  // An account may have 50 endpoints.
  await getSql()`DELETE FROM webhook_endpoints WHERE user_id = ${mine.userId}`;
  spare = await makeThings(mine);
  return spare;
};

describe.each(endpoints)("$name", (endpoint) => {
  test("who is nobody, or may not do that, changes nothing, and learns nothing of what is there", async () => {
    const things = await untouched();
    const before = await digest();
    const [place] = endpoint.places;
    const refusedCallers: { name: string; headers: Record<string, string>; status: number; code: string }[] = [
      ...callers,
      ...narrow
        .filter(({ scope }) => !allows([scope], endpoint.scope))
        .map(({ scope, headers }) => ({ name: `a key for ${scope}`, headers, status: 403, code: "FORBIDDEN" })),
      ...(roleAllows("viewer", endpoint.scope)
        ? []
        : [{ name: "a viewer", headers: viewer, status: 403, code: "FORBIDDEN" }]),
      ...(endpoint.isRest
        ? [{ name: "a session", headers: { Cookie: crossSite.Cookie ?? "" }, status: 401, code: "AUTH_REQUIRED" }]
        : []),
      ...(endpoint.isRest || !endpoint.isRead
        ? [
            {
              name: "a session, from another site",
              headers: crossSite,
              ...(endpoint.isRest ? { status: 401, code: "AUTH_REQUIRED" } : { status: 403, code: "FORBIDDEN" }),
            },
          ]
        : []),
    ];
    for (const { name, headers, status, code } of refusedCallers) {
      const answer = await endpoint.send({ things, headers });
      expect([name, ...refusalOf(answer)]).toEqual([name, status, code]);
      if (!place) continue;
      const of = async (id: string) => comparable(await endpoint.send({ things, headers, at: { place, id } }), id);
      const theirs = victims[place.kind];
      expect([name, await of(theirs)]).toEqual([name, await of(nobodys(theirs))]);
    }
    expect(await digest()).toBe(before);
  });

  if (endpoint.places.length > 0)
    test("what is the caller's own is found", async () => {
      const answer = await endpoint.send({ things: await untouched(), headers: bearer(mine.key) });
      spare = undefined;
      // A thing may be in the wrong state for it (409): it was found.
      expect([answer.status < 300 || answer.status === 409, answer.text]).toEqual([true, answer.text]);
    });

  test.each(endpoint.places.map((place) => [`${place.where} ${place.path.join(".")}`, place] as const))(
    "another account's id in %s is one that does not exist",
    async (_, place) => {
      const theirs = victims[place.kind];
      const before = await theirRows();
      const ask = async (id: string): Promise<HttpAnswer> => {
        const things = await untouched();
        const all = await digest();
        const answer = await endpoint.send({ things, headers: bearer(mine.key), at: { place, id } });
        expect([answer.status < 300 || [400, 404, 409].includes(answer.status), answer.text]).toEqual([
          true,
          answer.text,
        ]);
        if (answer.status >= 400) expect(await digest()).toBe(all);
        else if (!endpoint.isRead) spare = undefined;
        return answer;
      };
      const unknown = nobodys(theirs);
      expect(comparable(await ask(theirs), theirs)).toEqual(comparable(await ask(unknown), unknown));
      expect(await theirRows()).toBe(before);
    },
  );
});

describe.each(owners)("$name", (endpoint) => {
  test("is of owners alone", async () => {
    const things = await untouched();
    const before = await digest();
    const others = [bearer(mine.key), viewer, ...narrow.map(({ headers }) => headers)];
    for (const { headers, status, code } of [
      ...callers,
      ...others.map((headers) => ({ headers, status: 403, code: "FORBIDDEN" })),
    ])
      expect(refusalOf(await endpoint.send({ things, headers }))).toEqual([status, code]);
    expect(await digest()).toBe(before);
  });
});

// A claim's key is a text of the driver's own choice.
test("no row of the caller's names anything of the other account's", async () => {
  const ids = [victim.userId, ...Object.entries(victims).flatMap(([kind, id]) => (kind === "claimKey" ? [] : id))].join(
    "|",
  );
  for (const table of tables)
    expect(
      await getSql().unsafe(
        `SELECT t::text AS row FROM "${table}" t WHERE xmin::text::int8 > ${madeUntil} AND t::text ~ $1`,
        [ids],
      ),
    ).toEqual([]);
});
