// Connections to PostgreSQL whose other end is gone without a word (a pulled cable, a NAT that forgot, a host that froze).
//
// A statement that is silent may be slow or lost, and the connection cannot tell: the kernel would give up after a quarter of an hour.
// So PostgreSQL itself is asked, over a new connection, what the session is doing. One that works is left alone for as long as it takes.
import postgres from "postgres";
import { log } from "./log";
import { everyLook, LOOK_MS, Silence } from "./silence";

/** Silent for so long, and PostgreSQL is asked. */
const SUSPECT_MS = 3000;
/** Between two times that PostgreSQL says that it has answered: its answer may have been on its way the first time. */
const SURE_AFTER_MS = 1000;
/** Once some were lost, others may have been used before they were found to be. */
const DOUBT_MS = 10_000;
/** PostgreSQL cannot be asked either: it is away. */
const AWAY_MS = 8000;
/** What PostgreSQL lets a statement of ours take, at most. */
export const STATEMENT_TIMEOUT_MS = 600_000;
/** Beyond that no answer can come, whatever is between us and PostgreSQL. */
const HOPELESS_MS = STATEMENT_TIMEOUT_MS + 10_000;
const ASK_TIMEOUT_MS = 3000;

/**
 * How PostgreSQL frees what a session holds whose client is gone: it probes idle ones after 10 s, every 5 s, and gives up on either
 * kind after 20 s. Linux would take two hours. Sent with every connection; a system that lacks one of them passes it over.
 */
export const SESSION_LIMITS = {
  statement_timeout: STATEMENT_TIMEOUT_MS,
  tcp_keepalives_idle: 10,
  tcp_keepalives_interval: 5,
  tcp_keepalives_count: 3,
  tcp_user_timeout: 20_000,
};

/** What the mended driver shows of a connection (scripts/lib/mended-postgres.mjs). */
type Connection = {
  /** grows with each close */
  lives: number;
  backendPid: number | null;
  /** whether a statement waits for its answer */
  owes: boolean;
  /** bytes that came */
  heard: number;
  /** bytes that the kernel has not taken yet */
  unsent: number;
  /** whether it is open and nobody uses it */
  isIdle: boolean;
  /** closes it; what waits is refused with the error */
  drop: (error?: Error) => void;
};
type Queued = { reject: (error: Error) => void };
type Watchable = { connections: Connection[]; queries: { length: number; shift: () => Queued } };

/** The driver as it is published shows neither; it runs in development and in tests alone. */
const watchable = (sql: postgres.Sql<{ bigint: number }>): Watchable | null =>
  "connections" in sql ? (sql as unknown as Watchable) : null;

/**
 * Of sessions by their pid, whether PostgreSQL works on something for them; one that is not there does not.
 * `away`: it did not answer. `untold`: it did, but something in between hides which session is whose.
 */
type Told = Map<number, boolean> | "away" | "untold";

/** Runs statements over a connection of their own that lives for this only. */
const ask = async <T>(url: string, statements: (sql: postgres.Sql) => Promise<T>): Promise<T | "away" | "untold"> => {
  const sql = postgres(url, {
    max: 1,
    connect_timeout: ASK_TIMEOUT_MS / 1000,
    fetch_types: false,
    connection: { application_name: "mlqueue asks" },
    onnotice: () => {},
  });
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<"away">((resolve) => {
    timer = setTimeout(resolve, ASK_TIMEOUT_MS, "away");
  });
  const asked = statements(sql).catch((error: unknown) => {
    if (!(error instanceof postgres.PostgresError)) return "away";
    // A server that is full or starting is there.
    log.warn({ error: error.message }, "postgres could not be asked about a silent connection");
    return "untold";
  });
  try {
    return await Promise.race([asked, tooLate]);
  } finally {
    clearTimeout(timer);
    void sql.end({ timeout: 0 });
  }
};

const askAbout = (url: string, pids: number[]): Promise<Told> =>
  ask<Told>(url, async (sql) => {
    const rows = await sql<{ pid: number; works: boolean | null; own: number }[]>`
      SELECT pg_backend_pid() AS own, pid, state NOT LIKE 'idle%' AND wait_event IS DISTINCT FROM 'ClientWrite' AS works
      FROM pg_stat_activity WHERE pid = ANY(string_to_array(${pids.join()}, ',')::int[]) OR pid = pg_backend_pid()`;
    // A pooler gives out numbers of its own.
    if (rows[0]?.own !== (rows as unknown as { state: { pid: number } }).state.pid) return "untold";
    if (rows.some(({ works }) => works === null)) return "untold";
    return new Map(rows.map(({ pid, works }) => [pid, works === true]));
  });

/** Ends sessions whose client will not be heard of again, with the locks that they hold. Those at work are not among them. */
const endSessions = async (url: string, pids: number[]): Promise<void> => {
  const ended = await ask(
    url,
    (sql) => sql`
      SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE pid = ANY(string_to_array(${pids.join()}, ',')::int[]) AND usename = current_user AND (state LIKE 'idle%' OR wait_event = 'ClientWrite')`,
  );
  if (typeof ended === "string") log.warn({ pids }, "sessions of lost connections are left to postgres to notice");
};

const noAnswer = (ms: number): Error =>
  Object.assign(new Error(`PostgreSQL did not answer for ${Math.round(ms / 1000)} s.`), { code: "ETIMEDOUT" });

type Suspicion = { silence: Silence; mark: string | null; askAtMs: number; doneAtMs: number | null };

class Watch {
  readonly #url: string;
  readonly #pool: Watchable;
  readonly #suspicions: Map<Connection, Suspicion>;
  readonly #queue = new Silence();
  #heard = 0;
  #before: { lives: number; heard: number }[] = [];
  #isAway = false;
  #asking = false;
  /** More than 0: others were just found lost, and PostgreSQL's first word is enough. */
  #doubtMs = 0;

  constructor(url: string, pool: Watchable) {
    this.#url = url;
    this.#pool = pool;
    this.#suspicions = new Map(
      pool.connections.map((one) => [one, { silence: new Silence(), mark: null, askAtMs: SUSPECT_MS, doneAtMs: null }]),
    );
  }

  look(elapsedMs: number): void {
    this.#doubtMs -= elapsedMs;
    const silent: [Connection, Suspicion][] = [];
    for (const [one, suspicion] of this.#suspicions) {
      suspicion.mark = one.owes ? `${one.lives} ${one.heard} ${one.unsent}` : null;
      const ms = suspicion.silence.look(suspicion.mark, elapsedMs);
      if (ms === 0) Object.assign(suspicion, { askAtMs: SUSPECT_MS, doneAtMs: null });
      else silent.push([one, suspicion]);
      if (ms > HOPELESS_MS) one.drop(noAnswer(ms));
    }
    const queueMs = this.#queue.look(this.#pool.queries.length > 0 ? this.#heardEver() : null, elapsedMs);
    const isDue = ({ silence, askAtMs }: Suspicion) => silence.ms >= (this.#doubtMs > 0 ? LOOK_MS : askAtMs);
    if (queueMs >= SUSPECT_MS || silent.some(([, suspicion]) => isDue(suspicion))) void this.#ask(silent);
    if (this.#isAway && queueMs >= AWAY_MS) this.#refuseQueued(queueMs);
  }

  /** Bytes, over all lives of all connections: while PostgreSQL is away connections are tried again and again, and stay silent. */
  #heardEver(): number {
    this.#pool.connections.forEach(({ lives, heard }, index) => {
      const before = this.#before[index];
      this.#heard += before?.lives === lives ? Math.max(0, heard - before.heard) : heard;
      this.#before[index] = { lives, heard };
    });
    return this.#heard;
  }

  #refuseQueued(ms: number): void {
    const { queries } = this.#pool;
    while (queries.length > 0) queries.shift().reject(noAnswer(ms));
  }

  async #ask(silent: [Connection, Suspicion][]): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    const asked = silent.map(([one, suspicion]) => ({ one, suspicion, pid: one.backendPid, mark: suspicion.mark }));
    const told = await askAbout(
      this.#url,
      asked.flatMap(({ pid }) => pid ?? []),
    );
    this.#isAway = told === "away";
    const still = asked.filter(({ suspicion, mark }) => suspicion.mark === mark);
    const lost = still.filter(({ suspicion, pid }) => this.#isLost(suspicion, pid, told));
    for (const { one, suspicion } of lost) one.drop(noAnswer(suspicion.silence.ms));
    this.#asking = false;
    if (lost.length > 0 && told !== "away") await this.#startAnew(lost.flatMap(({ pid }) => pid ?? []));
  }

  #isLost(suspicion: Suspicion, pid: number | null, told: Told): boolean {
    const { ms } = suspicion.silence;
    if (told === "away") return ms >= AWAY_MS;
    if (told === "untold" || pid === null || told.get(pid)) {
      // The longer it takes, the more rarely it is asked about.
      Object.assign(suspicion, { askAtMs: ms + Math.min(10_000, Math.max(1000, ms / 2)), doneAtMs: null });
      return false;
    }
    suspicion.doneAtMs ??= ms;
    suspicion.askAtMs = Math.max(SUSPECT_MS, suspicion.doneAtMs + SURE_AFTER_MS);
    return this.#doubtMs > 0 || ms >= suspicion.askAtMs;
  }

  /** Connections that nobody uses were lost with these, most likely: each would keep one statement waiting. New ones cost little. */
  async #startAnew(lostPids: number[]): Promise<void> {
    log.warn({ pids: lostPids }, "connections to postgres were lost without a word; they are opened anew");
    this.#doubtMs = DOUBT_MS;
    for (const one of this.#pool.connections) if (one.isIdle) one.drop();
    await endSessions(this.#url, lostPids);
  }
}

/**
 * From now on a statement on a lost connection is refused with ETIMEDOUT: within 6 s if PostgreSQL can be reached otherwise, within
 * 15 s if not, as are those that wait for a connection. @returns what ends it
 */
export const watchConnections = (url: string, sql: postgres.Sql<{ bigint: number }>): (() => void) => {
  const pool = watchable(sql);
  if (!pool) return () => {};
  const watch = new Watch(url, pool);
  return everyLook((elapsedMs) => watch.look(elapsedMs));
};
