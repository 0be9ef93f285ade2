// The OpenAPI document tells of every route, in the contract's names.
import { expect, test } from "vitest";
import { isJsonObject, type JsonObject } from "../platform/json-safety";
import { openApiDocument } from "./openapi";
import { routes } from "./rest";

const document = openApiDocument();
const paths = document.paths as Record<string, Record<string, JsonObject>>;

test("every route is there, with a summary, an example and the error body", () => {
  for (const route of routes) {
    const operation = paths[route.path.replace(/:(\w+)/g, "{$1}")]?.[route.method.toLowerCase()];
    expect(operation, `${route.method} ${route.path}`).toMatchObject({
      summary: expect.any(String),
      responses: {
        [route.status ?? 200]: { content: { "application/json": { example: { success: true } } } },
        default: { $ref: "#/components/responses/Error" },
      },
    });
  }
});

test("operation ids are unique", () => {
  const ids = Object.values(paths).flatMap((methods) =>
    Object.values(methods).flatMap(({ operationId }) => (operationId === undefined ? [] : [operationId])),
  );
  expect(new Set(ids).size).toBe(routes.length);
});

test("fields are in snake_case, and parts of the path are no body fields", () => {
  const names = JSON.stringify(document).match(/"(?:properties)":\{(?:"[^"]+":)/g) ?? [];
  expect(names.length).toBeGreaterThan(10);
  const propertyNames = (node: unknown): string[] => {
    if (Array.isArray(node)) return node.flatMap(propertyNames);
    if (typeof node !== "object" || node === null) return [];
    return Object.entries(node).flatMap(([key, value]) => [
      ...(key === "properties" ? Object.keys(value as object) : []),
      ...propertyNames(value),
    ]);
  };
  expect(propertyNames(document).filter((name) => /[A-Z]/.test(name))).toEqual([]);
  const result = paths["/v1/tasks/{id}/result"]?.post?.requestBody as {
    content: { "application/json": { schema: JsonObject } };
  };
  expect(result.content["application/json"].schema).toMatchObject({
    required: ["result"],
    properties: { result: { type: "object" } },
  });
  expect(Object.keys(result.content["application/json"].schema.properties as object)).toEqual(["result", "artifacts"]);
});

test("an object of which no field is told says that it may hold any", () => {
  const empty = (node: unknown, at: string): string[] => {
    if (Array.isArray(node)) return node.flatMap((one, index) => empty(one, `${at}[${index}]`));
    if (!isJsonObject(node)) return [];
    const isObject = node.type === "object" || (Array.isArray(node.type) && node.type.includes("object"));
    const says =
      "properties" in node || (node.additionalProperties !== undefined && node.additionalProperties !== false);
    const inner = Object.entries(node).flatMap(([key, one]) =>
      key === "example" || key === "default" ? [] : empty(one, `${at}.${key}`),
    );
    return [...(isObject && !says ? [at] : []), ...inner];
  };
  expect(empty(document, "")).toEqual([]);
});
