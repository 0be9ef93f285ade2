// What was asked and answered, and what was done to the cluster: times are of this machine's clock, which PostgreSQL has as well.

/** A request that was answered at last. `at`: when it was first sent; `doneAt`: when the answer came. */
export type Answered = {
  at: number;
  doneAt: number;
  account: string;
  op: "submit" | "batch" | "cancel" | "retry" | "priority" | "reorder" | "pause" | "resume" | "peek";
  status: number;
  code: string | null;
  /** the tasks concerned; for a pause its queue */
  ids: string[];
  /** sent more than once: what broke off may still arrive after its answer */
  isUnsure: boolean;
  /** what the answer says of the task */
  answered: string | null;
  /** the mark of a submit in its tasks' metadata, and how many tasks it makes */
  key?: string;
  count?: number;
};

export type Struck = { fault: string; at: number; until: number; running: number; away: Away[]; victims: string[] };
/** What cannot be reached during a fault. */
export type Away = "postgres" | "redis" | "web";

/** A task that waited in PostgreSQL and was in no set of Redis for so long, with nothing the matter. */
export type Missed = { taskId: string; at: number; ms: number };

export class History {
  readonly answered: Answered[] = [];
  readonly struck: Struck[] = [];
  readonly missed: Missed[] = [];
  /** answers that no client should get: 5xx but 503, or 503 with nothing the matter */
  readonly bad: { at: number; status: number; what: string; text: string }[] = [];
  /** never answered within the time that clients have */
  readonly unanswered: Pick<Answered, "at" | "op" | "key" | "count">[] = [];
  readonly redisWholeMs: number[] = [];
  readonly postgresBackAt: number[] = [];

  /** Whether a fault was on at some time from `from` to now, or over for less than `afterMs`. */
  isDisturbed(from: number, what: Away[], afterMs: number): boolean {
    return this.struck.some((one) => from <= one.until + afterMs && one.away.some((away) => what.includes(away)));
  }

  /**
   * Whether the sets may be incomplete: Redis lost something, and since then the comparison of everything, which comes each so many ms,
   * has not surely come, since it needs PostgreSQL as well.
   */
  mayLack(now: number, repairMs: number): boolean {
    let until = Number.NEGATIVE_INFINITY;
    for (const one of this.struck)
      if (one.away.includes("redis") || (one.away.includes("postgres") && one.at < until))
        until = Math.max(until, one.until + repairMs);
    return now <= until;
  }
}
