// What the tasks page shows, read from its address and written back to it.
import type { listSorts } from "../input";
import { TASK_STATUSES, type TaskStatus } from "../status";

export const PAGE_SIZE = 50;

export type Sort = (typeof listSorts)[number];
const SORTS = ["created_at", "priority", "started_at", "completed_at", "name"] as const satisfies readonly Sort[];

export type ListState = {
  status: TaskStatus | null;
  q: string;
  queue: string | null;
  /** null: newest first, or, among queued tasks, the order in which they will run */
  sort: Sort | null;
  order: "asc" | "desc";
  /** from 1 */
  page: number;
};

const oneOf = <T extends string>(values: readonly T[], text: string | null): T | null =>
  values.find((value) => value === text) ?? null;

/** Anything that makes no sense in the address counts as not given. */
export const readListState = (params: URLSearchParams): ListState => {
  const page = Number(params.get("page") ?? "1");
  return {
    status: oneOf(TASK_STATUSES, params.get("status")),
    q: (params.get("q") ?? "").slice(0, 500),
    queue: params.get("queue") || null,
    sort: oneOf(SORTS, params.get("sort")),
    order: params.get("order") === "asc" ? "asc" : "desc",
    page: Number.isInteger(page) && page >= 1 && page <= 1e7 ? page : 1,
  };
};

/** What the list procedure is asked with. */
export const listQuery = (state: ListState) => ({
  limit: PAGE_SIZE,
  offset: (state.page - 1) * PAGE_SIZE,
  ...(state.status === null ? {} : { status: [state.status] }),
  ...(state.q.trim() === "" ? {} : { q: state.q.trim() }),
  ...(state.queue === null ? {} : { queue: state.queue }),
  ...(state.sort === null ? {} : { sort: state.sort, order: state.order }),
});

/** Clicking a header: first its natural direction, then the other one, then no sorting. */
export const nextSort = (state: ListState, sort: Sort): { sort: Sort | null; order: "asc" | "desc" | null } => {
  const natural = sort === "name" ? "asc" : "desc";
  const other = natural === "asc" ? "desc" : "asc";
  if (state.sort !== sort) return { sort, order: natural };
  return state.order === natural ? { sort, order: other } : { sort: null, order: null };
};
