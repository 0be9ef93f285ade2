// The tasks that the clients send: kinds of programs, and how each must end when nobody cancels it.
import { resolve } from "node:path";
import { pick, type Random } from "./seeded";

export type Kind = keyof typeof KINDS;

type Expected = {
  weight: number;
  ends: "completed" | "failed";
  errorKind?: string;
  maxAttempts?: number;
  timeoutSeconds?: number;
};

const KINDS = {
  steady: { weight: 10, ends: "completed" },
  /** ignores SIGTERM */
  deaf: { weight: 2, ends: "completed" },
  /** leaves a daemon without environment in a session of its own: only a cgroup holds it */
  daemon: { weight: 2, ends: "completed" },
  /** leaves a daemon with its mark */
  "marked-daemon": { weight: 1, ends: "completed" },
  crowd: { weight: 1, ends: "completed" },
  flood: { weight: 2, ends: "completed" },
  /** prints its environment */
  leaks: { weight: 1, ends: "completed" },
  "fails-once": { weight: 3, ends: "completed", maxAttempts: 3 },
  fails: { weight: 1, ends: "failed", errorKind: "exit_code", maxAttempts: 2 },
  hangs: { weight: 1, ends: "failed", errorKind: "timeout", timeoutSeconds: 2 },
  dies: { weight: 1, ends: "failed", errorKind: "signal" },
} as const satisfies Record<string, Expected>;

export const expectedOf = (kind: Kind): Expected => KINDS[kind];

/** Lines that a program prints from start to end; null: as many as it has variables. */
export const linesOf = (kind: Kind): number | null => (kind === "flood" ? 5002 : kind === "leaks" ? null : 2);

const ALL_KINDS = Object.keys(KINDS) as Kind[];

const kindsWithin = (kinds: readonly Kind[], hasCgroups: boolean): Kind[] =>
  kinds
    .filter((kind) => hasCgroups || kind !== "daemon")
    .flatMap((kind) => Array.from({ length: KINDS[kind].weight }, () => kind));

export type TaskBody = Record<string, unknown> & { metadata: { key: string; kind: Kind | "parked" } };

export type TaskMaker = {
  body: (key: string, queue: string) => TaskBody;
  /** stays where it is: it needs a client, a time, or a resume */
  parked: (key: string, more: Record<string, unknown>) => TaskBody;
  steady: (seconds: number) => string[];
};

/** @param folder that programs write their ledger to @param only these kinds; all unless given */
export const taskMaker = (
  random: Random,
  folder: string,
  hasCgroups: boolean,
  only: readonly Kind[] = ALL_KINDS,
): TaskMaker => {
  const kinds = kindsWithin(only, hasCgroups);
  const program = resolve(import.meta.dirname, "programs/hostile.sh");
  const commandOf = (kind: Kind, seconds: number) => ["sh", program, folder, kind, seconds.toFixed(2)];
  return {
    body: (key, queue) => {
      const kind = pick(random, kinds) ?? "steady";
      const { maxAttempts = 1, timeoutSeconds }: Expected = KINDS[kind];
      return {
        name: `${kind} ${key}`,
        config: { kind },
        metadata: { key, kind },
        queue,
        command: commandOf(kind, 0.5 + 2.5 * random()),
        priority: Math.floor(3 * random()),
        max_attempts: maxAttempts,
        timeout_seconds: timeoutSeconds,
      };
    },
    parked: (key, more) => ({
      name: `parked ${key}`,
      config: {},
      metadata: { key, kind: "parked" },
      command: commandOf("steady", 0.1),
      ...more,
    }),
    steady: (seconds) => commandOf("steady", seconds),
  };
};
