// /docs: the OpenAPI document as a page to read. No script, nothing from elsewhere.
import { isJsonObject, type JsonObject } from "../platform/json-safety";
import { answerText, type Exchange } from "./answer";
import { openApiDocument } from "./openapi";

const escaped = (text: unknown): string => String(text).replace(/[&<>"']/g, (one) => `&#${one.charCodeAt(0)};`);
/** Text with `code` in it. */
const prose = (text: unknown): string => escaped(text).replace(/`([^`]+)`/g, "<code>$1</code>");

const objectAt = (from: unknown, ...path: string[]): JsonObject =>
  path.reduce<JsonObject>(
    (at, name) => {
      const next = at[name];
      return isJsonObject(next) ? next : {};
    },
    isJsonObject(from) ? from : {},
  );
const listAt = (from: JsonObject, name: string): JsonObject[] => {
  const list = from[name];
  return Array.isArray(list) ? list.filter(isJsonObject) : [];
};

/** A schema's type in a few words. */
const typeOf = (schema: JsonObject): string => {
  if (Array.isArray(schema.enum)) return schema.enum.map((one) => JSON.stringify(one)).join(" | ");
  if ("const" in schema) return JSON.stringify(schema.const);
  for (const word of ["anyOf", "oneOf"]) {
    const choices = listAt(schema, word);
    if (choices.length > 0) return [...new Set(choices.map(typeOf))].join(" | ");
  }
  if (schema.type === "array") return `${typeOf(objectAt(schema, "items"))}[]`;
  return Array.isArray(schema.type) ? schema.type.join(" | ") : String(schema.type ?? "any");
};

const LIMITS = {
  default: "default",
  minimum: "≥",
  exclusiveMinimum: ">",
  maximum: "≤",
  exclusiveMaximum: "<",
  minLength: "characters ≥",
  maxLength: "characters ≤",
  minItems: "entries ≥",
  maxItems: "entries ≤",
};
/** Every whole number has these limits. */
const EXTREME = 2 ** 53 - 1;
const limitsOf = (schema: JsonObject): string =>
  Object.entries(LIMITS)
    .flatMap(([keyword, words]) => {
      const value = schema[keyword];
      return value === undefined || Math.abs(Number(value)) === EXTREME ? [] : [`${words} ${JSON.stringify(value)}`];
    })
    .join(", ");

type Row = { name: string; where: string; required: boolean; schema: JsonObject; description: unknown };

const rowHtml = ({ name, where, required, schema, description }: Row): string => {
  const notes = [description ?? schema.description, limitsOf(schema)].filter((one) => one !== undefined && one !== "");
  return `<tr><td><code>${escaped(name)}</code>${required ? " <strong>required</strong>" : ""}</td><td>${where}</td><td><code>${escaped(typeOf(schema))}</code></td><td>${prose(notes.join("; "))}</td></tr>`;
};

const table = (rows: Row[], of: string): string =>
  rows.length === 0
    ? ""
    : `<div class="scroll" tabindex="0" role="region" aria-label="Fields of ${escaped(of)}"><table><thead><tr><th scope="col">Field</th><th scope="col">In</th><th scope="col">Type</th><th scope="col">Notes</th></tr></thead><tbody>${rows.map(rowHtml).join("")}</tbody></table></div>`;

const example = (title: string, value: unknown): string =>
  `<details><summary>${title}</summary><pre tabindex="0">${escaped(typeof value === "string" ? value : JSON.stringify(value, null, 2))}</pre></details>`;

const curlOf = (method: string, path: string, body: unknown): string => {
  const data = JSON.stringify(body ?? {}).replaceAll("'", "'\\''");
  return [
    `curl -X ${method} "$MLQUEUE_URL${path}"`,
    '-H "Authorization: Bearer $MLQUEUE_API_KEY"',
    ...(body === undefined ? [] : ['-H "Content-Type: application/json"', `-d '${data}'`]),
  ].join(" \\\n  ");
};

const operationHtml = (method: string, path: string, operation: JsonObject): string => {
  const json = objectAt(operation, "requestBody", "content", "application/json");
  const schema = objectAt(json, "schema");
  const required = Array.isArray(schema.required) ? schema.required : [];
  const rows: Row[] = [
    ...listAt(operation, "parameters").map((one) => ({
      name: String(one.name),
      where: String(one.in),
      required: one.required === true,
      schema: objectAt(one, "schema"),
      description: one.description,
    })),
    ...Object.entries(objectAt(schema, "properties")).map(([name, one]) => ({
      name,
      where: "body",
      required: required.includes(name),
      schema: isJsonObject(one) ? one : {},
      description: undefined,
    })),
  ];
  const [status = "200", answer] =
    Object.entries(objectAt(operation, "responses")).find(([code]) => code.startsWith("2")) ?? [];
  const answered = objectAt(answer, "content", "application/json").example;
  return [
    `<section id="${escaped(operation.operationId ?? `${method}${path}`)}">`,
    `<h3><span class="method">${method.toUpperCase()}</span> <code>${escaped(path)}</code></h3>`,
    `<p>${prose(operation.summary)}. <span class="quiet">${prose(operation.description ?? "")}</span></p>`,
    table(rows, `${method.toUpperCase()} ${path}`),
    example("Request", curlOf(method.toUpperCase(), path, json.example)),
    answered === undefined ? "" : example(`Answer ${status}`, answered),
    "</section>",
  ].join("\n");
};

const TITLES: Record<string, string> = {
  tasks: "Tasks",
  queue: "Queue",
  configs: "Templates",
  statistics: "Statistics",
  auth: "Tokens",
  webhooks: "Webhooks",
  groups: "Groups",
  units: "Units",
  queues: "Queues (runs)",
  service: "Service",
};
const titleOf = (tag: string): string => escaped(TITLES[tag] ?? tag);

const STYLE = `
:root{color-scheme:light dark;--bg:#fbfbfc;--ink:#1a1b22;--quiet:#5a5d6b;--line:#e2e3e9;--sunken:#f1f2f5;--accent:#2f55d4}
@media(prefers-color-scheme:dark){:root{--bg:#0e0f13;--ink:#eceef4;--quiet:#a3a7b5;--line:#2a2c35;--sunken:#191b21;--accent:#8ea6ff}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.55 system-ui,sans-serif}
main{max-width:60rem;margin:0 auto;padding:2rem 1rem 6rem}
h1{font-size:1.6rem;margin:0}h2{font-size:1.2rem;margin:3rem 0 .5rem}
h3{font-size:1rem;margin:0 0 .4rem;font-weight:600;overflow-wrap:anywhere}
section{border:1px solid var(--line);border-radius:.75rem;padding:1rem;margin:.75rem 0}
p{margin:.3rem 0;overflow-wrap:anywhere}.quiet{color:var(--quiet)}a{color:var(--accent)}
code,pre{font:13px/1.5 ui-monospace,monospace}.method{font:600 12px/1 ui-monospace,monospace;color:var(--accent)}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;margin:.6rem 0;font-size:13px}
th,td{text-align:left;vertical-align:top;padding:.3rem .6rem .3rem 0;border-top:1px solid var(--line)}
th{color:var(--quiet);font-weight:500}td code{overflow-wrap:anywhere}strong{font-weight:500;color:var(--quiet);font-size:12px}
summary{cursor:pointer;color:var(--quiet);font-size:13px;min-height:24px;padding:2px 0}
pre{background:var(--sunken);border-radius:.5rem;padding:.75rem;overflow:auto;max-height:24rem;margin:.3rem 0}
nav ul{display:flex;flex-wrap:wrap;gap:.25rem 1rem;padding:0;list-style:none}nav a{display:inline-block;min-height:24px}`;

const pageOf = (document: JsonObject): string => {
  const groups = new Map<string, string[]>();
  for (const [path, methods] of Object.entries(objectAt(document, "paths")))
    for (const [method, operation] of Object.entries(isJsonObject(methods) ? methods : {})) {
      if (!isJsonObject(operation)) continue;
      const tag = Array.isArray(operation.tags) ? String(operation.tags[0]) : "service";
      groups.set(tag, [...(groups.get(tag) ?? []), operationHtml(method, path, operation)]);
    }
  const { title, version, description } = objectAt(document, "info");
  const codes = objectAt(document, "components", "schemas", "Error", "properties", "code").enum;
  const codeList = Array.isArray(codes) ? codes.map((code) => `<code>${escaped(code)}</code>`).join(" ") : "";
  const links = [...groups.keys()].map((tag) => `<li><a href="#${escaped(tag)}">${titleOf(tag)}</a></li>`).join("");
  const parts = [...groups]
    .map(([tag, all]) => `<h2 id="${escaped(tag)}">${titleOf(tag)}</h2>${all.join("")}`)
    .join("");
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width,initial-scale=1">
<title>REST API · ${escaped(title)}</title><style>${STYLE}</style></head><body><main>
<h1>${escaped(title)} REST API</h1>
<p class="quiet">Version ${escaped(version)}, made from <a href="/openapi.json">/openapi.json</a> (OpenAPI 3.1)</p>
<p>${prose(description)}</p>
<p>Send <code>Authorization: Bearer …</code> with an API key or a token. Every answer has <code>success</code>; a refusal also has <code>error</code>,
<code>code</code>, <code>request_id</code> and <code>details</code>. Codes: ${codeList}.</p>
<nav aria-label="Parts"><ul>${links}</ul></nav>
${parts}
</main></body></html>`;
};

let page: string | undefined;

export const answerDocs = (exchange: Exchange): void => {
  page ??= pageOf(openApiDocument());
  answerText(exchange, 200, "text/html; charset=utf-8", page, {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
  });
};
