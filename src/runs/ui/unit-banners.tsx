"use client";
import { useState } from "react";
import { useLanguage } from "../../i18n/locale-provider";
import { Banner } from "../../ui/banner";
import { Button } from "../../ui/button";
import { CopyButton } from "../../ui/copy-button";
import { MachineIcon, PauseIcon, PlayIcon } from "../../ui/icons";
// What keeps the whole unit from going on, with what helps.
import { useMayChange } from "../../ui/may-change";
import { ScrollRegion } from "../../ui/scroll-region";
import type { Outputs } from "../../ui/trpc";
import { useUnitActions } from "./use-unit-actions";

type Unit = Outputs["units"]["get"];
type Way = "ts" | "cli" | "curl";
const WAYS: Way[] = ["ts", "cli", "curl"];

const shellQuoted = (text: string) => (/^[\w./-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`);

/** What starts a driver for this unit. @param origin of this server */
export const driverSnippet = (way: Way, unit: { unitId: string; groupName: string; name: string }, origin: string) => {
  const path = `${unit.groupName}/${unit.name}`;
  const env = `export MLQUEUE_URL=${origin} MLQUEUE_API_KEY=mlq_…\n`;
  switch (way) {
    case "ts":
      return `// once: npm install the package mlqueue (README, "Drive it yourself") and zod
import { defineDriver } from "mlqueue";
import { z } from "zod";

await defineDriver({
  unit: ${JSON.stringify(path)},
  params: z.object({ lr: z.number() }),
  async run({ params, ctx }) {
    ctx.log({ loss: 1 - params.lr }, { step: 1 });
    return { loss: 1 - params.lr };
  },
}).start();`;
    case "cli":
      return `# once: npm install the package mlqueue (README, "Drive it yourself")
${env}npx mlqueue driver run -u ${shellQuoted(path)} -- python train.py {params}`;
    case "curl":
      return `${env}curl -X POST "$MLQUEUE_URL/v2/units/${unit.unitId}/heartbeat" -H "Authorization: Bearer $MLQUEUE_API_KEY"
curl -X POST "$MLQUEUE_URL/v2/units/${unit.unitId}/claim" -H "Authorization: Bearer $MLQUEUE_API_KEY"`;
  }
};

const NoDriver = ({ unit }: { unit: Unit }) => {
  const { t } = useLanguage();
  const [way, setWay] = useState<Way>("ts");
  const { pending, running } = unit.counts;
  const isUnheard = running > 0 && unit.lastHeartbeat === null;
  const text = driverSnippet(way, unit, window.location.origin);
  return (
    <section
      aria-label={t("unit.snippets")}
      className="overflow-hidden rounded-xl border border-line bg-surface text-sm"
    >
      <div className="flex flex-wrap items-start gap-x-3 gap-y-2 px-4 py-3">
        <MachineIcon className="mt-0.5 text-warn" />
        <div className="min-w-0 flex-1 basis-60">
          <p className="font-medium">
            {isUnheard
              ? t("unit.notHeardTitle", { count: running })
              : pending > 0
                ? t("unit.noDriverTitle", { count: pending })
                : t("unit.noDriverNone")}
          </p>
          <p className="text-ink-2">{t(isUnheard ? "unit.notHeardNote" : "unit.noDriverNote")}</p>
        </div>
        <fieldset className="flex rounded-md bg-sunken p-0.5" aria-label={t("unit.snippets")}>
          {WAYS.map((one) => (
            <button
              key={one}
              type="button"
              aria-pressed={one === way}
              onClick={() => setWay(one)}
              className="rounded px-2 py-1 text-xs text-ink-2 aria-pressed:bg-surface aria-pressed:font-medium aria-pressed:text-ink"
            >
              {t(`unit.snippet.${one}`)}
            </button>
          ))}
        </fieldset>
      </div>
      <div className="relative border-t border-line bg-sunken">
        <ScrollRegion label={t("unit.snippetLabel")} className="max-h-56 overflow-auto -outline-offset-2">
          <pre className="px-4 py-3 pr-12 font-mono text-xs">{text}</pre>
        </ScrollRegion>
        <span className="absolute top-1.5 right-2">
          <CopyButton text={text} label={t("unit.snippetCopy")} />
        </span>
      </div>
    </section>
  );
};

export const UnitBanners = ({ unit }: { unit: Unit }) => {
  const { t } = useLanguage();
  const { resume } = useUnitActions();
  const mayChange = useMayChange();
  return (
    <>
      {unit.paused && (
        <Banner
          tone="warn"
          icon={<PauseIcon />}
          action={
            <Button
              changes
              size="sm"
              icon={<PlayIcon />}
              busy={resume.isPending}
              onClick={() => resume.mutate({ unitId: unit.unitId })}
            >
              {t("unit.resume")}
            </Button>
          }
        >
          {unit.pausedReason ? t("unit.pausedWhy", { reason: unit.pausedReason }) : t("unit.paused")}
        </Banner>
      )}
      {mayChange && unit.connectionStatus === "disconnected" && unit.status !== "completed" && <NoDriver unit={unit} />}
    </>
  );
};
