import { afterEach, expect, test, vi } from "vitest";
import { coalesce } from "./coalesce";

afterEach(() => vi.restoreAllMocks());

const turn = () => new Promise((resolve) => setTimeout(resolve, 5));
const away = () => Object.assign(new Error("PostgreSQL did not answer."), { code: "ETIMEDOUT" });

/** One statement at a time, each ended by hand. */
const byHand = () => {
  const statements: { items: number[]; answer: () => void; fail: (error: Error) => void }[] = [];
  const add = coalesce<number, number>(
    (items) =>
      new Promise((resolve, reject) => {
        statements.push({ items, answer: () => resolve(items), fail: reject });
      }),
    { maxUnderWay: 1, maxItems: 10 },
  );
  return { add, statements };
};

test("what comes while a statement is under way goes together into the next one", async () => {
  const { add, statements } = byHand();
  const first = add(1);
  await turn();
  const others = [add(2), add(3)];
  await turn();
  expect(statements.map(({ items }) => items)).toEqual([[1]]);
  statements[0]?.answer();
  expect(await first).toBe(1);
  await turn();
  expect(statements.map(({ items }) => items)).toEqual([[1], [2, 3]]);
  statements[1]?.answer();
  expect(await Promise.all(others)).toEqual([2, 3]);
});

test.each([
  ["that PostgreSQL did not answer for long is refused with it", 9000, "refused"],
  ["whose connection was closed at once goes on by itself", 20, 2],
])("who waits behind a statement %s", async (_, ms, expected) => {
  const { add, statements } = byHand();
  const ends = [add(1), turn().then(() => add(2))].map((one) => one.catch(() => "refused"));
  await turn();
  await turn();
  const began = performance.now();
  vi.spyOn(performance, "now").mockImplementation(() => began + ms);
  statements[0]?.fail(away());
  await turn();
  await turn();
  statements[1]?.answer();
  expect(await Promise.all(ends)).toEqual(["refused", expected]);
});

test("a bad one fails by itself", async () => {
  const { add, statements } = byHand();
  const ends = [add(1), add(2)].map((one) => one.catch((error: Error) => error.message));
  await turn();
  statements[0]?.fail(new Error("one of them is bad"));
  await turn();
  statements[1]?.answer();
  await turn();
  statements[2]?.fail(new Error("this one is bad"));
  expect(await Promise.all(ends)).toEqual([1, "this one is bad"]);
});
