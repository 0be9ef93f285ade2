// The typed client: every procedure of the server, with errors as classes.
import { createTRPCClient, httpLink, type TRPCClient, type TRPCLink } from "@trpc/client";
import { observable } from "@trpc/server/observable";
import type { AppRouter } from "../api/root";
import { toMLQueueError } from "./errors";
import { apiKeyOf, urlOf } from "./settings";

export type { AppRouter };

/** Queries are called by `.query()`, mutations by `.mutate()`: `client.runs.create.mutate({ unitId, parameters: { lr: 0.1 } })`. */
export type Client = TRPCClient<AppRouter>;

export type ClientOptions = {
  /** such as `http://localhost:8080`; default: MLQUEUE_URL */
  url?: string | undefined;
  /** default: MLQUEUE_API_KEY */
  apiKey?: string | undefined;
  /** so long a call may take, in ms */
  timeoutMs?: number | undefined;
  fetch?: typeof fetch | undefined;
};

const withErrorClasses: TRPCLink<AppRouter> =
  () =>
  ({ next, op }) =>
    observable((observer) =>
      next(op).subscribe({
        next: (value) => observer.next(value),
        error: (error) => observer.error(toMLQueueError(error)),
        complete: () => observer.complete(),
      }),
    );

/**
 * A client of one account. Calls throw an `MLQueueError`; nothing is tried again by itself.
 *
 * Live events (`client.live`) need an EventSource, which Node 20 has not: they are for browsers.
 */
export const createClient = (options: ClientOptions = {}): Client => {
  const apiKey = apiKeyOf(options.apiKey);
  const send = options.fetch ?? fetch;
  const timeoutMs = options.timeoutMs ?? 30_000;
  return createTRPCClient<AppRouter>({
    links: [
      withErrorClasses,
      httpLink({
        url: `${urlOf(options.url)}/api/trpc`,
        headers: { authorization: `Bearer ${apiKey}` },
        fetch: (input, init) => {
          const timeout = AbortSignal.timeout(timeoutMs);
          const signal = init?.signal ? AbortSignal.any([init.signal, timeout]) : timeout;
          return send(input as string | URL, { ...(init as RequestInit), signal });
        },
      }),
    ],
  });
};
