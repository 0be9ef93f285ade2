"use client";
// Whether the server has what it needs: services, workers, drivers, and what is on its way to webhooks.
import { useQuery } from "@tanstack/react-query";
import { useLanguage } from "../../../i18n/locale-provider";
import { Badge, type Tone } from "../../../ui/badge";
import { Duration, RelativeTime } from "../../../ui/time";
import { type Outputs, useTRPC } from "../../../ui/trpc";
import { Fact, FactsCard } from "./facts";

type Health = Outputs["admin"]["health"];
type Worker = Health["workers"][number];

const ASK_MS = 5000;

const WORKER_TONES: Record<Worker["state"], Tone> = { live: "ok", draining: "warn", silent: "bad", stopped: "neutral" };

const Service = ({
  name,
  version,
  of,
}: {
  name: string;
  version: string | null;
  of: Health["dependencies"]["redis"];
}) => {
  const { t } = useLanguage();
  return (
    <Fact name={version === null ? name : `${name} ${version}`} note={of.message}>
      <Badge tone={of.state === "ok" ? "ok" : "bad"}>{t(`admin.state.${of.state}`)}</Badge>
    </Fact>
  );
};

const WorkerRow = ({ worker }: { worker: Worker }) => {
  const { t, format } = useLanguage();
  const { id, host, state, busy, slots, gpus, queues, version, lastHeartbeatAt } = worker;
  return (
    <li className="flex flex-wrap items-baseline justify-between gap-x-4 gap-y-0.5 px-4 py-2.5 text-sm">
      <span className="min-w-0 flex-1 basis-56">
        <span className="flex flex-wrap items-center gap-2">
          <span className="font-medium wrap-anywhere">{id}</span>
          <Badge tone={WORKER_TONES[state]}>{t(`admin.worker.${state}`)}</Badge>
        </span>
        <span className="flex flex-wrap gap-x-3 text-xs text-ink-2">
          <span>{host}</span>
          <span>{version}</span>
          {gpus.length > 0 && <span>GPU {format.number(gpus.length)}</span>}
          {queues && <span className="wrap-anywhere">{queues.join(", ")}</span>}
        </span>
      </span>
      <span className="text-xs text-ink-2 tabular-nums sm:text-right">
        {(state === "live" || state === "draining") && (
          <span className="block">{t("queue.slots", { busy, slots })}</span>
        )}
        {t("admin.heard")} <RelativeTime at={lastHeartbeatAt} />
      </span>
    </li>
  );
};

export const HealthCards = () => {
  const { t, format } = useLanguage();
  const query = useQuery(useTRPC().admin.health.queryOptions(undefined, { refetchInterval: ASK_MS }));
  return (
    <div className="space-y-5">
      <FactsCard title={t("admin.services")} query={query}>
        {({ dependencies, versions, drivers, outbox }) => (
          <dl className="divide-y divide-line">
            <Fact name={`MLQueue ${versions.mlqueue}`} note={`Node.js ${versions.node}`}>
              <Badge tone="ok">{t("admin.state.ok")}</Badge>
            </Fact>
            <Service name="PostgreSQL" version={versions.postgres} of={dependencies.postgres} />
            <Service name="Redis" version={versions.redis} of={dependencies.redis} />
            <Service name={t("admin.schema")} version={null} of={dependencies.schema} />
            <Fact name={t("admin.drivers")}>
              {t("admin.driversHeard", {
                connected: format.number(drivers.connected),
                disconnected: format.number(drivers.disconnected),
              })}
            </Fact>
            <Fact
              name={t("admin.outbox")}
              note={
                outbox.oldestDueAt !== null && (
                  <>
                    {t("admin.outboxOldest")} <Duration from={outbox.oldestDueAt} to={null} />
                  </>
                )
              }
            >
              {t("admin.outboxCount", { due: format.number(outbox.due), waiting: format.number(outbox.waiting) })}
            </Fact>
          </dl>
        )}
      </FactsCard>
      <FactsCard title={t("queue.workers")} query={query}>
        {({ workers }) =>
          workers.length === 0 ? (
            <p className="px-4 py-6 text-center text-sm text-ink-2">{t("admin.noWorkers")}</p>
          ) : (
            <ul className="divide-y divide-line">
              {workers.map((worker) => (
                <WorkerRow key={worker.id} worker={worker} />
              ))}
            </ul>
          )
        }
      </FactsCard>
    </div>
  );
};
