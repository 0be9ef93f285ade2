// What an owner sees of the whole server: accounts, queues, limits, what is kept, health.
import { z } from "zod";
import { version } from "../../package.json";
import { adminAccountsRouter } from "../accounts/admin-router";
import { emailsOf } from "../accounts/all-accounts";
import { INVITATION_DAYS } from "../accounts/invitations";
import { SIGN_IN_DAYS } from "../accounts/sign-in";
import { getSql } from "../platform/db";
import { getEnv } from "../platform/env";
import { KEEP_HOURS } from "../platform/idempotency";
import { getRedis } from "../platform/redis";
import { tableSizes } from "../platform/table-sizes";
import { procedure, router } from "../platform/trpc";
import { driverGauges } from "../runs/gauges";
import { listAllQueues } from "../tasks/all-queues";
import { countsOutput } from "../tasks/output";
import { recentWorkers } from "../tasks/worker-registry";
import { KEEP_DAYS } from "../webhooks/deliver";
import { outboxGauges } from "../webhooks/gauges";
import { dependencyStates } from "./health";

const ownersOnly = procedure.meta({ scope: "server" });

/** In requests a minute; 0 is no limit. What people do on the pages counts in windows of its own, as wide. */
const limits = () => {
  const env = getEnv();
  return {
    buckets: [
      { bucket: "write" as const, standard: env.RATE_LIMIT_STANDARD, premium: env.RATE_LIMIT_PREMIUM },
      { bucket: "batch" as const, standard: env.RATE_LIMIT_BATCH, premium: env.RATE_LIMIT_BATCH },
      { bucket: "traffic" as const, standard: env.RATE_LIMIT_TRAFFIC, premium: env.RATE_LIMIT_TRAFFIC },
    ],
    signInsPerAddress: env.RATE_LIMIT_SIGN_IN,
    queueMaxSize: env.QUEUE_MAX_SIZE,
  };
};

const state = z.object({ state: z.enum(["ok", "down", "outdated"]), message: z.string().optional() });

/** Null where the service does not answer: that is told by its state. */
const orNull = <T>(question: Promise<T>): Promise<T | null> => question.catch(() => null);

const versions = async () => ({
  mlqueue: version,
  node: process.versions.node,
  postgres: await orNull(
    getSql()<{ version: string }[]>`SELECT current_setting('server_version') AS version`.then(
      ([row]) => row?.version ?? null,
    ),
  ),
  redis: await orNull(
    getRedis()
      .info("server")
      .then((text) => /^(?:valkey|redis)_version:(\S+)/m.exec(text)?.[1] ?? null),
  ),
});

export const adminRouter = router({
  accounts: adminAccountsRouter,
  queues: ownersOnly
    .output(
      z.object({
        queues: z.array(
          z.object({
            queue: z.string(),
            counts: countsOutput,
            paused: z
              .object({ reason: z.string().nullable(), by: z.string().nullable(), since: z.string() })
              .nullable(),
          }),
        ),
      }),
    )
    .query(async () => {
      const queues = await listAllQueues();
      const emails = await emailsOf(queues.flatMap(({ paused }) => paused?.by ?? []));
      return {
        queues: queues.map(({ paused, ...queue }) => ({
          ...queue,
          paused: paused && { ...paused, by: (paused.by !== null && emails.get(paused.by)) || null },
        })),
      };
    }),
  limits: ownersOnly
    .output(
      z.object({
        buckets: z.array(
          z.object({ bucket: z.enum(["write", "batch", "traffic"]), standard: z.number(), premium: z.number() }),
        ),
        signInsPerAddress: z.number(),
        queueMaxSize: z.number(),
      }),
    )
    .query(limits),
  /** For how long what is kept, and what room it takes; what is not named here is kept for good. */
  retention: ownersOnly
    .output(
      z.object({
        trashDays: z.number(),
        webhookDays: z.number(),
        idempotencyHours: z.number(),
        signInDays: z.number(),
        invitationDays: z.number(),
        activityDays: z.number(),
        /** of ended tasks and runs, of their logs and of their metrics; 0: for good */
        taskDays: z.number(),
        logDays: z.number(),
        metricDays: z.number(),
        /** null while PostgreSQL is away */
        tables: z.array(z.object({ table: z.string(), bytes: z.number(), rows: z.number() })).nullable(),
      }),
    )
    .query(async () => ({
      trashDays: getEnv().TRASH_DAYS,
      webhookDays: KEEP_DAYS,
      idempotencyHours: KEEP_HOURS,
      signInDays: SIGN_IN_DAYS,
      invitationDays: INVITATION_DAYS,
      activityDays: getEnv().ACTIVITY_DAYS,
      taskDays: getEnv().RETENTION_DAYS,
      logDays: getEnv().LOG_RETENTION_DAYS,
      metricDays: getEnv().METRIC_RETENTION_DAYS,
      tables: await orNull(tableSizes()),
    })),
  health: ownersOnly
    .output(
      z.object({
        dependencies: z.object({ postgres: state, redis: state, schema: state }),
        versions: z.object({
          mlqueue: z.string(),
          node: z.string(),
          postgres: z.string().nullable(),
          redis: z.string().nullable(),
        }),
        workers: z.array(
          z.object({
            id: z.string(),
            host: z.string(),
            state: z.enum(["live", "draining", "silent", "stopped"]),
            slots: z.number(),
            busy: z.number(),
            gpus: z.array(z.string()),
            queues: z.array(z.string()).nullable(),
            version: z.string(),
            startedAt: z.string(),
            lastHeartbeatAt: z.string(),
          }),
        ),
        drivers: z.object({ connected: z.number(), disconnected: z.number() }),
        outbox: z.object({ waiting: z.number(), due: z.number(), oldestDueAt: z.string().nullable() }),
      }),
    )
    .query(async () => {
      const [dependencies, of, workers, drivers, outbox] = await Promise.all([
        dependencyStates(),
        versions(),
        recentWorkers(),
        driverGauges(),
        outboxGauges(),
      ]);
      return { dependencies, versions: of, workers, drivers, outbox };
    }),
});
