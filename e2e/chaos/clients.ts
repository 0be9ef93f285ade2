// Clients over HTTP that do not give up: what broke off or was answered 503 is sent again until it is acknowledged.
import type { Account } from "./cluster";
import type { Answered, History } from "./history";
import { pause, pick, type Random } from "./seeded";
import type { TaskBody, TaskMaker } from "./tasks";

/** So long a client tries. No fault lasts that long. */
const PATIENCE_MS = 150_000;
const ANSWER_MS = 10_000;
/** After the end of a fault, while the product finds its services again, 503 is still an answer. */
const OUTAGE_TAIL_MS = 8000;

type Answer = { status: number; code: string | null; fields: Record<string, unknown> };

export class Client {
  readonly own: string[] = [];
  #sent = 0;

  constructor(
    readonly name: string,
    readonly account: Account,
    private readonly url: string,
    private readonly history: History,
    private readonly random: Random,
    private readonly make: TaskMaker,
  ) {}

  /** @returns null when it was not acknowledged in time */
  async ask(
    op: Answered["op"],
    request: { method: string; path: string; body?: unknown; key?: string },
    about: { ids: string[]; key?: string; count?: number },
  ): Promise<Answer | null> {
    const at = Date.now();
    for (let tries = 1; Date.now() - at < PATIENCE_MS; tries++) {
      const answer = await this.#once(request);
      const isBusy = answer?.code === "CONFLICT" && request.key !== undefined;
      if (answer !== null && answer.status < 500 && !isBusy) {
        const { task_id: id, task_ids: ids, status } = answer.fields;
        const made = answer.status === 201 ? [...(Array.isArray(ids) ? ids : [id])].map(String) : [];
        this.history.answered.push({
          ...about,
          at,
          doneAt: Date.now(),
          account: this.account.userId,
          op,
          status: answer.status,
          code: answer.code,
          isUnsure: tries > 1,
          ids: [...about.ids, ...made],
          answered: typeof status === "string" ? status : null,
        });
        return answer;
      }
      await pause(100 + 200 * this.random());
    }
    this.history.unanswered.push({ ...about, at, op });
    return null;
  }

  /** @returns null when the connection broke or the answer did not come */
  async #once({ method, path, body, key }: { method: string; path: string; body?: unknown; key?: string }) {
    const sentAt = Date.now();
    let response: Response;
    let text: string;
    try {
      response = await fetch(`${this.url}${path}`, {
        method,
        headers: {
          authorization: `Bearer ${this.account.key}`,
          "content-type": "application/json",
          ...(key !== undefined && { "idempotency-key": key }),
        },
        body: body === undefined ? null : JSON.stringify(body),
        signal: AbortSignal.timeout(ANSWER_MS),
      });
      text = await response.text();
    } catch {
      // The web server is being killed, or it waits for a service that does not answer.
      return null;
    }
    const { status } = response;
    const isOutage = status === 503 && this.history.isDisturbed(sentAt, ["postgres", "web", "redis"], OUTAGE_TAIL_MS);
    if (status >= 500 && !isOutage)
      this.history.bad.push({ at: sentAt, status, what: `${method} ${path}`, text: text.slice(0, 300) });
    const fields = text.startsWith("{") ? (JSON.parse(text) as Record<string, unknown>) : {};
    return { status, code: typeof fields.code === "string" ? fields.code : null, fields };
  }

  #key(): string {
    return `${this.name}-${++this.#sent}`;
  }

  async submit(body?: TaskBody): Promise<string | null> {
    const key = body?.metadata.key ?? this.#key();
    const task = body ?? this.make.body(key, this.#queue());
    const answer = await this.ask(
      "submit",
      { method: "POST", path: "/v1/tasks", body: task, key },
      { ids: [], key, count: 1 },
    );
    const id = answer?.status === 201 ? String(answer.fields.task_id) : null;
    if (id !== null) this.own.push(id);
    return id;
  }

  async submitBatch(count: number): Promise<void> {
    const key = this.#key();
    const tasks = Array.from({ length: count }, () => this.make.body(key, this.#queue()));
    const answer = await this.ask(
      "batch",
      { method: "POST", path: "/v1/tasks/batch", body: { tasks }, key },
      { ids: [], key, count },
    );
    if (answer?.status === 201) this.own.push(...(answer.fields.task_ids as string[]));
  }

  #queue(): string {
    return this.random() < 0.2 ? "side" : "default";
  }

  cancel(id: string): Promise<Answer | null> {
    return this.ask(
      "cancel",
      { method: "POST", path: `/v1/tasks/${id}/cancel`, body: { reason: this.name } },
      { ids: [id] },
    );
  }

  control(op: "pause" | "resume", queue: string): Promise<Answer | null> {
    return this.ask(op, { method: "POST", path: `/v1/queue/${op}`, body: { queue } }, { ids: [queue] });
  }

  /** One thing that people do. `others`: tasks of the same account, of all its clients. */
  async act(others: string[]): Promise<void> {
    const dice = this.random();
    const own = pick(this.random, this.own.slice(-60));
    const any = pick(this.random, others.slice(-60));
    if (own === undefined || any === undefined) return;
    if (dice < 0.25) await this.cancel(own);
    else if (dice < 0.4) await this.ask("retry", { method: "POST", path: `/v1/tasks/${own}/retry` }, { ids: [own] });
    else if (dice < 0.65) {
      const body = { priority: Math.floor(5 * this.random()) - 1 };
      await this.ask("priority", { method: "PATCH", path: `/v1/tasks/${any}/priority`, body }, { ids: [any] });
    } else if (dice < 0.85) await this.#reorder(others);
    else {
      // At once after it was sent: often before its claim, often just in it.
      const id = await this.submit();
      if (id !== null) {
        await pause(30 * this.random());
        await this.cancel(id);
      }
    }
  }

  /** Of tasks that wait: named ones mostly run by now, and the whole call is refused. */
  async #reorder(others: string[]): Promise<void> {
    const answer = await this.ask(
      "peek",
      { method: "GET", path: "/v1/tasks?status=queued&queue=default&limit=6" },
      { ids: [] },
    );
    const waiting = ((answer?.fields.tasks ?? []) as { task_id: string }[])
      .map((task) => task.task_id)
      .filter((id) => others.includes(id));
    if (waiting.length < 2) return;
    const ids = waiting.reverse();
    await this.ask("reorder", { method: "POST", path: "/v1/queue/reorder", body: { task_ids: ids } }, { ids });
  }

  /** A task of another account is not there. @returns the status */
  async peekAt(id: string): Promise<number | null> {
    return (await this.ask("peek", { method: "GET", path: `/v1/tasks/${id}` }, { ids: [] }))?.status ?? null;
  }
}
