"use client";
import { useCallback, useState } from "react";
import { useLanguage } from "../../i18n/locale-provider";
import { Button } from "../../ui/button";
import { EmptyState } from "../../ui/empty-state";
import { Checkbox } from "../../ui/field";
import { ArrowUpIcon, CrossIcon, GripIcon, StopIcon, TrashIcon, TrayIcon } from "../../ui/icons";
import { useMayChange } from "../../ui/may-change";
// The waiting list, in the order in which drivers take from it, to be changed while they do.
import type { WaitingRun } from "../line";
import { standIn } from "./line-ids";
import { type Bulk, BulkDialog } from "./unit-bulk";
import { MoveBefore } from "./unit-move-before";
import { beforeAtIndex } from "./unit-order";
import { GRID, type RowVerb, UnknownRow, WaitingRow } from "./unit-waiting-row";
import { type Line, useSeen } from "./use-line";
import { useLineSelection } from "./use-line-selection";
import { useListMove } from "./use-list-move";
import { useMoveRuns } from "./use-move-runs";
import { useUnitActions } from "./use-unit-actions";

export const UnitWaiting = ({ unitId, line }: { unitId: string; line: Line }) => {
  const { t, format } = useLanguage();
  const { ids, byId, plans, accuracy, keys } = line;
  const move = useMoveRuns(unitId, line);
  const { cancel, removeRun } = useUnitActions();
  const mayChange = useMayChange();
  const [edited, setEdited] = useState<string | null>(null);
  const [focused, setFocused] = useState<string | null>(null);
  const [bulk, setBulk] = useState<Bulk | null>(null);
  const [moving, setMoving] = useState<string[] | null>(null);
  const selection = useLineSelection(unitId, line);
  const { chosen } = selection;
  const nameOf = useCallback((id: string) => byId.get(id)?.name ?? "", [byId]);
  const { list, shown, rows, seen, style, placeOf, heldId, handle } = useListMove(
    ids,
    nameOf,
    (runIds, beforeId) => void move(runIds, beforeId),
    [focused, edited],
  );
  useSeen(line, seen, [heldId, edited, focused, ...(chosen === "all" ? [] : chosen)]);

  const onVerb = (verb: RowVerb, run: WaitingRun) => {
    const { runId } = run;
    const to = (index: number) => void move([runId], beforeAtIndex(ids, runId, index));
    const at = ids.indexOf(runId);
    if (verb === "top") to(0);
    else if (verb === "up") to(at - 1);
    else if (verb === "down") to(at + 1);
    else if (verb === "bottom") to(ids.length);
    else if (verb === "before") setMoving([runId]);
    else if (verb === "edit") setEdited(runId);
    else if (verb === "cancel") cancel.mutate({ runId });
    else removeRun(run);
  };
  // What has started by the time that the reader agrees is left alone.
  const act = (action: Bulk["action"]) => {
    const named = chosen === "all" ? {} : { runIds: [...chosen] };
    setBulk({ unitId, action, ...named, filter: { status: ["pending"] } });
  };
  const chosenToTop = () => {
    if (chosen === "all") return;
    void move([...chosen], ids.find((id) => !chosen.has(id)) ?? standIn(0));
    selection.clear();
  };

  return (
    <section aria-labelledby="waiting" className="overflow-clip rounded-xl border border-line bg-surface">
      <div className="flex min-h-11 flex-wrap items-center justify-between gap-x-3 gap-y-1 border-b border-line px-4 py-1.5">
        <h2 id="waiting" className="flex items-baseline gap-2 text-sm font-semibold">
          {t("unit.waiting")}
          <span className="font-normal text-ink-2 tabular-nums">{format.number(ids.length)}</span>
        </h2>
        {selection.isSome ? (
          <div role="toolbar" aria-label={t("unit.selectedLabel")} className="flex flex-wrap items-center gap-1.5">
            <span className="mr-1 text-sm tabular-nums" aria-live="polite">
              {t("unit.selected", { count: selection.count })}
            </span>
            <Button size="sm" icon={<ArrowUpIcon />} disabled={selection.isAll} onClick={chosenToTop}>
              {t("unit.toTop")}
            </Button>
            <Button
              size="sm"
              icon={<GripIcon />}
              disabled={selection.isAll}
              onClick={() => setMoving(chosen === "all" ? null : [...chosen])}
            >
              {t("unit.before")}
            </Button>
            <Button size="sm" icon={<StopIcon />} onClick={() => act("cancel")}>
              {t("unit.cancel")}
            </Button>
            <Button size="sm" icon={<TrashIcon />} onClick={() => act("remove")}>
              {t("unit.remove")}
            </Button>
            <Button size="sm" look="ghost" icon={<CrossIcon />} onClick={selection.clear}>
              {t("unit.clear")}
            </Button>
          </div>
        ) : (
          mayChange && ids.length > 1 && <p className="text-xs text-ink-3 max-md:hidden">{t("unit.waitingHow")}</p>
        )}
      </div>
      {ids.length === 0 ? (
        <EmptyState icon={<TrayIcon />} title={t("unit.waitingNone")}>
          {mayChange && t("unit.waitingNoneNote")}
        </EmptyState>
      ) : (
        <>
          <div className={`${GRID} border-b border-line px-2 py-1.5 text-xs text-ink-2`}>
            <span />
            <Checkbox
              changes
              aria-label={t("unit.selectAll")}
              checked={selection.isAll}
              indeterminate={selection.isSome && !selection.isAll}
              onChange={() => selection.toggleAll()}
            />
            <span className="max-md:hidden">{t("unit.column.place")}</span>
            <span>{t("column.name")}</span>
            <span className="max-md:hidden">{t("unit.column.estimate")}</span>
            <span className="max-md:hidden">{t("unit.column.why")}</span>
            <span />
          </div>
          <ol
            ref={list}
            style={style}
            className="relative"
            onFocus={({ target }) => {
              const row = target.closest<HTMLElement>("[data-run]");
              if (row) setFocused(row.dataset.run ?? null);
            }}
          >
            {rows.map((row) => {
              const id = shown[row.index] ?? "";
              const run = byId.get(id);
              const at = placeOf(row);
              if (!run) return <UnknownRow key={id} id={id} at={at} total={ids.length} />;
              return (
                <WaitingRow
                  key={id}
                  run={run}
                  plan={plans.get(id)}
                  keys={keys}
                  place={row.index + 1}
                  total={ids.length}
                  isHeld={heldId === id}
                  isSelected={selection.has(id)}
                  isEdited={edited === id}
                  at={at}
                  handle={handle(id)}
                  onSelect={selection.toggle}
                  onVerb={onVerb}
                  onEdited={() => setEdited(null)}
                />
              );
            })}
          </ol>
        </>
      )}
      {accuracy && (
        <p className="border-t border-line px-4 py-2 text-xs text-ink-3">
          {t("unit.accuracy", { count: accuracy.count, share: format.percent(accuracy.shareHeld) })}
        </p>
      )}
      {moving && (
        <MoveBefore
          title={
            moving.length === 1
              ? t("unit.beforeOne", { name: nameOf(moving[0] ?? "") })
              : t("unit.beforeMany", { count: moving.length })
          }
          unitId={unitId}
          moving={moving}
          onMove={(beforeId) => {
            selection.clear();
            void move(moving, beforeId);
          }}
          onClose={() => setMoving(null)}
        />
      )}
      {bulk && (
        <BulkDialog
          bulk={bulk}
          onClose={() => setBulk(null)}
          onDone={() => {
            setBulk(null);
            selection.clear();
          }}
        />
      )}
    </section>
  );
};
