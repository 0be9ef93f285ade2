// /health: this process answers. /ready: so does everything that it needs.
import { setTimeout } from "node:timers/promises";
import { getSql } from "../platform/db";
import { DomainError } from "../platform/errors";
import { getRedis } from "../platform/redis";
import { hasSchema } from "../platform/schema-version";
import { answerJson, type Exchange, errorBody, localeOf, varyOf } from "./answer";

export const answerHealth = (exchange: Exchange): void => answerJson(exchange, 200, { success: true, status: "ok" });

type State = { state: "ok" } | { state: "down" | "outdated"; message: string };

const ANSWER_WITHIN_MS = 2000;

const within = <T>(question: Promise<T>): Promise<T> => {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = globalThis.setTimeout(
      () => reject(new Error(`no answer within ${ANSWER_WITHIN_MS / 1000} s`)),
      ANSWER_WITHIN_MS,
    );
  });
  return Promise.race([question, late]).finally(() => clearTimeout(timer));
};

const stateOf = async (question: () => Promise<State>): Promise<State> => {
  try {
    return await within(question());
  } catch (error) {
    return { state: "down", message: error instanceof Error ? error.message : String(error) };
  }
};

const ok: State = { state: "ok" };

/** A command to Redis gives up after 300 ms, which a machine under load may need to answer: one miss says nothing yet. */
const pingRedis = async (until: number): Promise<State> => {
  try {
    await getRedis().ping();
    return ok;
  } catch (error) {
    if (performance.now() > until) throw error;
    await setTimeout(100);
    return pingRedis(until);
  }
};

const dependencies = {
  postgres: async () => {
    await getSql()`SELECT 1`;
    return ok;
  },
  redis: () => pingRedis(performance.now() + ANSWER_WITHIN_MS * 0.75),
  schema: async () =>
    (await hasSchema(getSql())) ? ok : { state: "outdated" as const, message: "run `npm run migrate`" },
} satisfies Record<string, () => Promise<State>>;

/** Whether everything that this process needs answers, each within 2 s. */
export const dependencyStates = async (): Promise<Record<keyof typeof dependencies, State>> => {
  const [postgres, redis, schema] = await Promise.all([
    stateOf(dependencies.postgres),
    stateOf(dependencies.redis),
    stateOf(dependencies.schema),
  ]);
  return { postgres, redis, schema };
};

export const answerReady = async (exchange: Exchange): Promise<void> => {
  const states = await dependencyStates();
  const problems = Object.entries(states).flatMap(([path, one]) =>
    "message" in one ? [{ path, key: "said" as const, params: { text: one.message } }] : [],
  );
  if (problems.length === 0) return answerJson(exchange, 200, { success: true, status: "ready", dependencies: states });
  const refusal = new DomainError("UNAVAILABLE", "unavailable", { problems });
  answerJson(
    exchange,
    503,
    { ...errorBody(refusal, exchange.requestId, localeOf(exchange)), status: "not ready", dependencies: states },
    { "Retry-After": "2", Vary: varyOf(exchange) },
  );
};
