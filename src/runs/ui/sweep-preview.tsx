"use client";
// Every row that the recipe makes, before anything is queued: those that ran before are ticked off.
import { useId, useState } from "react";
import { useLanguage } from "../../i18n/locale-provider";
import { Button } from "../../ui/button";
import { Checkbox } from "../../ui/field";
import type { Outputs } from "../../ui/trpc";

type Row = Outputs["sweeps"]["preview"]["rows"][number];

const PAGE = 100;

export const isFresh = (row: Row): boolean => row.ranBefore === null && row.repeats === null;

export const SweepPreview = ({
  rows,
  chosen,
  onChoose,
}: {
  rows: Row[];
  chosen: Set<number>;
  onChoose: (index: number, isChosen: boolean) => void;
}) => {
  const { t, format } = useLanguage();
  const id = useId();
  const [shown, setShown] = useState(PAGE);
  return (
    <>
      <ol className="max-h-[32rem] divide-y divide-line overflow-y-auto text-sm" aria-label={t("sweep.rows")}>
        {rows.slice(0, shown).map((row, index) => {
          const note =
            row.ranBefore !== null
              ? t("sweep.ranBefore")
              : row.repeats !== null
                ? t("sweep.repeats", { row: row.repeats + 1 })
                : row.misfit;
          return (
            // biome-ignore lint/suspicious/noArrayIndexKey: rows are numbered
            <li key={index}>
              <label htmlFor={`${id}-${index}`} className="flex items-center gap-3 px-4 py-1.5 hover:bg-sunken">
                <Checkbox
                  id={`${id}-${index}`}
                  checked={chosen.has(index)}
                  onChange={(event) => onChoose(index, event.target.checked)}
                />
                <span className="w-8 shrink-0 text-right text-xs text-ink-3 tabular-nums">
                  {format.number(index + 1)}
                </span>
                <span className="min-w-0 flex-1 font-mono text-xs wrap-anywhere">{row.name}</span>
                {note && (
                  <span className={row.misfit === note ? "text-xs text-warn" : "text-xs text-ink-2"}>{note}</span>
                )}
              </label>
            </li>
          );
        })}
      </ol>
      {rows.length > shown && (
        <div className="border-t border-line px-4 py-2">
          <Button size="sm" look="ghost" onClick={() => setShown(shown + 10 * PAGE)}>
            {t("sweep.more", { count: rows.length - shown })}
          </Button>
        </div>
      )}
    </>
  );
};
