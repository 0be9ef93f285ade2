import { expect, expectTypeOf, test } from "vitest";
import { z } from "zod";
import * as mini from "zod/mini";
import { jsonSchemaOf, type ParamsOf, parseParams } from "./params";
import { asResult, keepablePoints, linesOf } from "./printable";

const schema = z.object({
  lr: z.number().min(1e-6).max(1),
  epochs: z.int().default(3),
  opt: z.enum(["sgd", "adam"]).optional(),
});

test("a schema is published as what may be sent: a field with a default may be left out", () => {
  const json = jsonSchemaOf(schema);
  expect(json).toMatchObject({
    type: "object",
    required: ["lr"],
    properties: { lr: { maximum: 1 }, epochs: { default: 3 } },
  });
  expect(JSON.parse(JSON.stringify(json))).toEqual(json);
});

test("parameters are parsed with their defaults, and a misfit names its fields", async () => {
  expectTypeOf<ParamsOf<typeof schema>>().toEqualTypeOf<{
    lr: number;
    epochs: number;
    opt?: "sgd" | "adam" | undefined;
  }>();
  expect(await parseParams(schema, { lr: 0.1 })).toEqual({ params: { lr: 0.1, epochs: 3 } });
  expect(await parseParams(schema, { lr: "fast", epochs: 1.5 })).toEqual({
    problem: expect.stringMatching(/lr: .*; epochs: /),
  });
  expect(await parseParams(undefined, { anything: 1 })).toEqual({ params: { anything: 1 } });
});

test("a schema of zod/mini will do", async () => {
  const small = mini.object({ lr: mini.number() });
  expect(jsonSchemaOf(small)).toMatchObject({ required: ["lr"] });
  expect(await parseParams(small, { lr: 1 })).toEqual({ params: { lr: 1 } });
});

test("what no server could keep is left out or made readable", () => {
  expect(keepablePoints({ loss: Number.NaN, acc: 0.5, skipped: undefined, "": 1 })).toEqual({
    values: { acc: 0.5 },
    refused: ["loss = NaN", " = 1"],
  });
  expect(linesOf("a\u0000b\r\n\ud800c\n")).toEqual(["a\u2400b", "\ufffdc"]);
  expect(asResult({ at: new Date(0), f: () => 1 })).toEqual({ result: { at: "1970-01-01T00:00:00.000Z" } });
  expect(asResult({ n: 1n })).toEqual({ problem: expect.stringContaining("JSON") });
  expect(asResult([1])).toEqual({ problem: expect.stringContaining("object") });
});
