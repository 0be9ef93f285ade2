"use client";
// The same numbers as a table: for screen readers, and for copying.
import { useMemo } from "react";
import { useLanguage } from "../../i18n/locale-provider";
import { ScrollRegion } from "../../ui/scroll-region";
import type { Points } from "./metric-panel";

export const MetricTable = ({ metrics }: { metrics: Record<string, Points> }) => {
  const { t, format } = useLanguage();
  const keys = Object.keys(metrics);
  const rows = useMemo(() => {
    const bySteps = new Map<number, Record<string, number>>();
    for (const [key, points] of Object.entries(metrics))
      for (const { step, value } of points) bySteps.set(step, { ...bySteps.get(step), [key]: value });
    return [...bySteps].sort(([a], [b]) => a - b);
  }, [metrics]);
  return (
    <ScrollRegion label={t("metrics.table")} className="max-h-96 overflow-auto -outline-offset-2">
      <table className="w-full text-xs tabular-nums">
        <thead className="sticky top-0 bg-surface text-left text-ink-2">
          <tr>
            {[t("metrics.stepColumn"), ...keys].map((name) => (
              <th key={name} scope="col" className="border-b border-line px-4 py-2 font-medium whitespace-nowrap">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(([step, values]) => (
            <tr key={step} className="border-b border-line last:border-0">
              <th scope="row" className="px-4 py-1.5 text-left font-normal text-ink-2">
                {format.metric(step)}
              </th>
              {keys.map((key) => {
                const value = values[key];
                return (
                  <td key={key} className="px-4 py-1.5" title={value === undefined ? undefined : String(value)}>
                    {value === undefined ? "" : format.metric(value)}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollRegion>
  );
};
