import fc from "fast-check";
import { expect, test } from "vitest";
import { ALL, allows, SCOPES } from "./scopes";

const anyScopes = fc.subarray([...SCOPES, ALL, "unheard-of"]);

test("more scopes never allow less, and what allows anything allows reading", () => {
  fc.assert(
    fc.property(anyScopes, anyScopes, fc.constantFrom(...SCOPES), (few, more, need) => {
      if (allows(few, need)) expect(allows([...few, ...more], need)).toBe(true);
      if (allows(few, need)) expect(allows(few, "read")).toBe(true);
    }),
  );
});

test("neither run nor write includes the other or admin; nothing, and what nobody knows, allows nothing", () => {
  const table = Object.fromEntries(
    [[], ["unheard-of"], ["read"], ["run"], ["write"], ["admin"], [ALL]].map((scopes) => [
      scopes.join(),
      SCOPES.filter((need) => allows(scopes, need)),
    ]),
  );
  expect(table).toEqual({
    "": [],
    "unheard-of": [],
    read: ["read"],
    run: ["read", "run"],
    write: ["read", "write"],
    admin: [...SCOPES],
    [ALL]: [...SCOPES],
  });
});
