"use client";
// The limits that are in force; they are set in the environment.
import { useQuery } from "@tanstack/react-query";
import { useLanguage } from "../../../i18n/locale-provider";
import { useTRPC } from "../../../ui/trpc";
import { Fact, FactsCard } from "./facts";

const VARIABLES = {
  write: "RATE_LIMIT_STANDARD, RATE_LIMIT_PREMIUM",
  batch: "RATE_LIMIT_BATCH",
  traffic: "RATE_LIMIT_TRAFFIC",
} as const;

export const LimitsCard = () => {
  const { t, format } = useLanguage();
  const query = useQuery(useTRPC().admin.limits.queryOptions());
  const perMinute = (limit: number) =>
    limit === 0 ? t("admin.limit.none") : t("admin.limit.perMinute", { limit: format.number(limit) });
  return (
    <FactsCard title={t("admin.limits")} query={query}>
      {({ buckets, signInsPerAddress, queueMaxSize }) => (
        <>
          <dl className="divide-y divide-line">
            {buckets.map(({ bucket, standard, premium }) => (
              <Fact
                key={bucket}
                name={t(`admin.limit.${bucket}`)}
                note={<code className="font-mono">{VARIABLES[bucket]}</code>}
              >
                {standard === premium
                  ? perMinute(standard)
                  : `${t("profile.tier.standard")}: ${perMinute(standard)} · ${t("profile.tier.premium")}: ${perMinute(premium)}`}
              </Fact>
            ))}
            <Fact name={t("admin.limit.signIn")} note={<code className="font-mono">RATE_LIMIT_SIGN_IN</code>}>
              {perMinute(signInsPerAddress)}
            </Fact>
            <Fact name={t("admin.limit.queue")} note={<code className="font-mono">QUEUE_MAX_SIZE</code>}>
              {format.number(queueMaxSize)}
            </Fact>
          </dl>
          <p className="border-t border-line px-4 py-2.5 text-xs text-ink-2">{t("admin.limit.note")}</p>
        </>
      )}
    </FactsCard>
  );
};
