"use client";
// Every row that the recipe makes, before anything is queued: those that ran before are ticked off; each can be changed or taken out.
import { type UIEvent, useId, useState } from "react";
import { useLanguage } from "../../i18n/locale-provider";
import { IconButton } from "../../ui/button";
import { Checkbox } from "../../ui/field";
import { CrossIcon, PencilIcon } from "../../ui/icons";
import { SweepRowDialog } from "./sweep-row-dialog";
import type { PreviewRow, useSweepPreview } from "./use-sweep-preview";
import { windowOf } from "./window-of";

/** Pixels. All rows are as high, so that only those in sight need to be there: 10,000 make no more work than 30. */
const ROW = 44;
const HEIGHT = 512;

type Preview = ReturnType<typeof useSweepPreview>;

const useNote = () => {
  const { t, format } = useLanguage();
  return (row: PreviewRow): string =>
    [
      row.edited ? t("sweep.edited") : null,
      row.ranBefore !== null ? t("sweep.ranBefore") : null,
      row.repeats !== null ? t("sweep.repeats", { row: format.number(row.repeats + 1) }) : null,
      row.misfit,
    ]
      .filter((part) => part !== null)
      .join(" · ");
};

export const SweepPreview = ({
  rows,
  chosen,
  tick,
  changeRow,
  undoChange,
  removeRow,
}: Pick<Preview, "rows" | "chosen" | "tick" | "changeRow" | "undoChange" | "removeRow">) => {
  const { t, format } = useLanguage();
  const id = useId();
  const noteOf = useNote();
  const [top, setTop] = useState(0);
  const [editing, setEditing] = useState<PreviewRow | null>(null);
  const { first, last } = windowOf({ top, height: HEIGHT, row: ROW, count: rows.length });
  return (
    <>
      <div
        className="overflow-y-auto"
        style={{ maxHeight: HEIGHT }}
        onScroll={(event: UIEvent<HTMLDivElement>) => setTop(event.currentTarget.scrollTop)}
      >
        <ol className="relative text-sm" style={{ height: rows.length * ROW }} aria-label={t("sweep.rows")}>
          {rows.slice(first, last).map((row, index) => {
            const note = noteOf(row);
            const boxId = `${id}-${row.row}`;
            const number = format.number(row.row + 1);
            return (
              <li
                key={row.row}
                aria-setsize={rows.length}
                aria-posinset={first + index + 1}
                style={{ top: (first + index) * ROW, height: ROW }}
                className="absolute inset-x-0 flex items-center gap-1 border-b border-line pr-2 hover:bg-sunken"
              >
                <label htmlFor={boxId} className="flex h-full min-w-0 flex-1 items-center gap-3 pl-4">
                  <Checkbox
                    id={boxId}
                    className="shrink-0"
                    checked={chosen.has(row.row)}
                    onChange={(event) => tick(row.row, event.target.checked)}
                  />
                  <span className="min-w-8 shrink-0 text-right text-xs text-ink-3 tabular-nums">{number}</span>
                  <span className="min-w-0 flex-1">
                    <span className="block truncate font-mono text-xs" title={row.name}>
                      {row.name}
                    </span>
                    {note !== "" && (
                      <span
                        className={`block truncate text-xs ${row.misfit === null ? "text-ink-2" : "text-warn"}`}
                        title={note}
                      >
                        {note}
                      </span>
                    )}
                  </span>
                </label>
                <IconButton size="sm" label={t("sweep.editRow", { row: number })} onClick={() => setEditing(row)}>
                  <PencilIcon />
                </IconButton>
                <IconButton size="sm" label={t("sweep.removeRow", { row: number })} onClick={() => removeRow(row.row)}>
                  <CrossIcon />
                </IconButton>
              </li>
            );
          })}
        </ol>
      </div>
      {editing && (
        <SweepRowDialog
          row={editing}
          onSave={(parameters) => changeRow(editing.row, parameters)}
          onUndo={() => undoChange(editing.row)}
          onClose={() => setEditing(null)}
        />
      )}
    </>
  );
};
