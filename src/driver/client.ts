// The typed client: every procedure of the server, with errors as classes.
import { createTRPCUntypedClient, httpLink } from "@trpc/client";
import type {
  AnyTRPCMutationProcedure,
  AnyTRPCProcedure,
  AnyTRPCQueryProcedure,
  inferProcedureInput,
  inferProcedureOutput,
} from "@trpc/server";
import type { AppRouter } from "../api/client-root";
import { noAnswerWithin, toMLQueueError } from "./errors";
import { apiKeyOf, urlOf } from "./settings";

export type { AppRouter };

export type CallOptions = { signal?: AbortSignal };
type Arguments<P extends AnyTRPCProcedure> =
  undefined extends inferProcedureInput<P>
    ? [input?: inferProcedureInput<P>, options?: CallOptions]
    : [input: inferProcedureInput<P>, options?: CallOptions];
type Call<P extends AnyTRPCProcedure> = (...args: Arguments<P>) => Promise<inferProcedureOutput<P>>;

/** As tRPC's own client type, whose declarations need more packages than they bring along. Subscriptions are for browsers. */
type ClientOf<Procedures> = {
  [Name in keyof Procedures]: Procedures[Name] extends AnyTRPCQueryProcedure
    ? { query: Call<Procedures[Name]> }
    : Procedures[Name] extends AnyTRPCMutationProcedure
      ? { mutate: Call<Procedures[Name]> }
      : Procedures[Name] extends AnyTRPCProcedure
        ? never
        : ClientOf<Procedures[Name]>;
};

/** Queries are called by `.query()`, mutations by `.mutate()`: `client.runs.create.mutate({ unitId, parameters: { lr: 0.1 } })`. */
export type Client = ClientOf<AppRouter["_def"]["record"]>;

export type ClientOptions = {
  /** such as `http://localhost:8080`; default: MLQUEUE_URL */
  url?: string | undefined;
  /** default: MLQUEUE_API_KEY */
  apiKey?: string | undefined;
  /** so long a call may take, in ms */
  timeoutMs?: number | undefined;
  fetch?: typeof fetch | undefined;
};

type Caller = (path: string, input: unknown, options: CallOptions | undefined) => Promise<unknown>;

/** `client.runs.get.query(input)` as a call of `runs.get`. Client's type says which of these there are. */
const proxyOf = (callers: Record<string, Caller>, path: string[] = []): unknown =>
  new Proxy(() => {}, {
    // A promise would be recognised by its `then`: a client is none.
    get: (_, name) => (typeof name === "symbol" || name === "then" ? undefined : proxyOf(callers, [...path, name])),
    apply: (_, __, [input, options]: [unknown, CallOptions | undefined]) => {
      const caller = callers[path.at(-1) ?? ""];
      if (!caller) throw new TypeError(`client.${path.join(".")} is not a function: end with .query() or .mutate()`);
      return caller(path.slice(0, -1).join("."), input, options);
    },
  });

/**
 * A client of one account. Calls throw an `MLQueueError`; nothing is tried again by itself.
 */
export const createClient = (options: ClientOptions = {}): Client => {
  const apiKey = apiKeyOf(options.apiKey);
  const timeoutMs = options.timeoutMs ?? 30_000;
  const untyped = createTRPCUntypedClient<AppRouter>({
    links: [
      httpLink({
        url: `${urlOf(options.url)}/api/trpc`,
        headers: { authorization: `Bearer ${apiKey}` },
        ...(options.fetch && { fetch: options.fetch as typeof fetch }),
      }),
    ],
  });
  /** One timer and one signal a call, both gone with it: AbortSignal.timeout stays for its whole time, which thousands of calls feel. */
  const within = async (signal: AbortSignal | undefined, call: (options: CallOptions) => Promise<unknown>) => {
    const stop = new AbortController();
    let isLate = false;
    const timer = setTimeout(() => {
      isLate = true;
      stop.abort();
    }, timeoutMs);
    const onAbort = (): void => stop.abort(signal?.reason);
    if (signal?.aborted) onAbort();
    else signal?.addEventListener("abort", onAbort, { once: true });
    try {
      return await call({ signal: stop.signal });
    } catch (error) {
      throw isLate ? noAnswerWithin(timeoutMs, error) : toMLQueueError(error);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", onAbort);
    }
  };
  return proxyOf({
    query: (path, input, { signal } = {}) => within(signal, (callOptions) => untyped.query(path, input, callOptions)),
    mutate: (path, input, { signal } = {}) =>
      within(signal, (callOptions) => untyped.mutation(path, input, callOptions)),
  }) as Client;
};
