import { expect, test } from "vitest";
import { writeOverSeen } from "./unit-stale";

const STALE = new Error("stale");

/** A unit with one run in it; `meanwhile` happens between each look and its write. */
const unitWith = (meanwhile: ((unit: { version: number; name: string }) => void)[]) => {
  const unit = { version: 1, name: "mine" };
  const write = async (ifVersion: number) => {
    meanwhile.shift()?.(unit);
    if (ifVersion !== unit.version) throw STALE;
    unit.name = "edited";
  };
  const save = () =>
    writeOverSeen(
      async () => ({ version: unit.version, thing: unit.name }),
      write,
      (name) => name === "mine",
      (error) => error === STALE,
    );
  return { unit, save };
};
const elsewhere = (unit: { version: number }) => {
  unit.version++;
};

test("what nobody else changed is written", async () => {
  const { unit, save } = unitWith([]);
  expect(await save()).toBeNull();
  expect(unit.name).toBe("edited");
});

test("a change of the run between the look and the write is answered, not overwritten", async () => {
  const { unit, save } = unitWith([(one) => Object.assign(one, { version: 2, name: "theirs" })]);
  expect(await save()).toBe("theirs");
  expect(unit.name).toBe("theirs");
});

test("a change elsewhere in the unit does not keep it from being written", async () => {
  const { unit, save } = unitWith([elsewhere, elsewhere]);
  expect(await save()).toBeNull();
  expect(unit.name).toBe("edited");
});

test("a unit that never stops changing ends in the refusal", async () => {
  const { unit, save } = unitWith(Array(20).fill(elsewhere));
  await expect(save()).rejects.toBe(STALE);
  expect(unit.name).toBe("mine");
});
