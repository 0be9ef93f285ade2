"use client";
// One chart with its legend, which tells the values under the cursor, else the last ones.
import { useMemo, useState } from "react";
import { useLanguage } from "../../i18n/locale-provider";
import { type Line, LineChart } from "./line-chart";
import type { MetricGroup } from "./metric-groups";
import { smooth } from "./smoothing";

export type Points = { step: number; value: number; timestamp: string }[];

const COLOURS = ["--series-1", "--series-2", "--series-3", "--series-4", "--series-5"];
const HEIGHT_PX = 180;

export const MetricPanel = ({
  group,
  metrics,
  smoothing,
}: {
  group: MetricGroup;
  metrics: Record<string, Points>;
  smoothing: number;
}) => {
  const { t, format } = useLanguage();
  const [step, setStep] = useState<number | null>(null);
  const lines = useMemo<Line[]>(
    () =>
      group.keys.map((key, index) => {
        const points = metrics[key] ?? [];
        return {
          key,
          colour: COLOURS[index % COLOURS.length] ?? "--series-1",
          points,
          values: smooth(
            points.map((point) => point.value),
            smoothing,
          ),
        };
      }),
    [group, metrics, smoothing],
  );
  const shownStep = step ?? Math.max(...lines.map((line) => line.points.at(-1)?.step ?? 0));
  return (
    <figure className="min-w-0">
      <figcaption className="flex flex-wrap items-baseline gap-x-3 px-4 pt-3 text-xs">
        {lines.map((line) => {
          const point = step === null ? line.points.at(-1) : line.points.find((one) => one.step === step);
          return (
            <span key={line.key} className="inline-flex items-baseline gap-1.5">
              <span
                aria-hidden="true"
                className="size-2 self-center rounded-full"
                style={{ background: `var(${line.colour})` }}
              />
              <span className="font-medium text-ink">{line.key}</span>
              <span className="text-ink-2 tabular-nums">{point ? format.metric(point.value) : "–"}</span>
            </span>
          );
        })}
        <span className="ml-auto text-ink-3 tabular-nums">{t("metrics.step", { step: shownStep })}</span>
      </figcaption>
      <div className="px-2 pt-2 pb-1">
        <LineChart
          lines={lines}
          height={HEIGHT_PX}
          label={t("metrics.chartOf", { name: group.keys.join(", ") })}
          formatValue={format.metric}
          onStep={setStep}
        />
      </div>
    </figure>
  );
};
