import { expect, test } from "vitest";
import { listQuery, nextSort, readListState } from "./list-state";

const read = (query: string) => readListState(new URLSearchParams(query));

test("an address becomes a question to the server", () => {
  expect(listQuery(read("status=failed&q=lr&queue=gpu&sort=name&order=asc&page=3"))).toEqual({
    limit: 50,
    offset: 100,
    status: ["failed"],
    q: "lr",
    queue: "gpu",
    sort: "name",
    order: "asc",
  });
  expect(listQuery(read(""))).toEqual({ limit: 50, offset: 0 });
});

test.each(["status=nonsense", "page=-1", "page=x", "sort=drop", "order=up", "q=%20"])(
  "%s counts as not given",
  (query) => {
    expect(listQuery(read(query))).toEqual({ limit: 50, offset: 0 });
  },
);

test("clicking a header three times comes back to where it was", () => {
  const first = nextSort(read(""), "priority");
  expect(first).toEqual({ sort: "priority", order: "desc" });
  const second = nextSort(read("sort=priority&order=desc"), "priority");
  expect(second).toEqual({ sort: "priority", order: "asc" });
  expect(nextSort(read("sort=priority&order=asc"), "priority")).toEqual({ sort: null, order: null });
});

test("a name is first sorted from A to Z", () => {
  expect(nextSort(read(""), "name")).toEqual({ sort: "name", order: "asc" });
});
