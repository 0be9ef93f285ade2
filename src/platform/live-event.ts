// What is told of changes. Without imports, so that the types of the API carry neither Redis nor PostgreSQL.

export type LiveEvent =
  | { kind: "task"; userId: string; taskId: string; status: string }
  /** for the worker that runs it, besides the pages */
  | { kind: "cancel"; userId: string; taskId: string }
  | { kind: "output"; userId: string; taskId: string }
  | { kind: "tasks"; userId: string }
  /** the account's groups, or their units; of one of them, where its id is given */
  | { kind: "groups"; userId: string; groupId?: string }
  /** a unit, or the order of its runs */
  | { kind: "unit"; userId: string; unitId: string }
  | { kind: "run"; userId: string; unitId: string; runId: string; status: string }
  | { kind: "runOutput"; userId: string; unitId: string; runId: string }
  /** what is shared with the account */
  | { kind: "shares"; userId: string }
  | { kind: "queue"; queue: string }
  | { kind: "worker" };

/** `resync`: hints were missed, so everything may have changed. */
export type Hint = LiveEvent | { kind: "resync" };
