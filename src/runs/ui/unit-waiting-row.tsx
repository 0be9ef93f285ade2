"use client";
import clsx from "clsx";
import Link from "next/link";
import type { ComponentProps, CSSProperties, ReactNode, Ref } from "react";
import { useLanguage } from "../../i18n/locale-provider";
import { IconButton } from "../../ui/button";
import { Checkbox } from "../../ui/field";
import {
  ArrowDownIcon,
  ArrowUpIcon,
  ChevronDownIcon,
  GripIcon,
  MoreIcon,
  PencilIcon,
  StopIcon,
  TrashIcon,
  WarningIcon,
} from "../../ui/icons";
import { useMayChange } from "../../ui/may-change";
import { Menu, MenuItem, MenuSeparator } from "../../ui/menu";
import { Skeleton } from "../../ui/skeleton";
import type { Outputs } from "../../ui/trpc";
import type { WaitingRun } from "../line";
import type { Run } from "../run";
// A run that waits: where it stands, what is special about it, when it will run, why not yet.
import { EditRun } from "./unit-edit-run";
import { shownValue } from "./unit-order";
import { reasonText } from "./unit-reason";

export type Planned = Outputs["line"]["plan"]["waiting"][number];
export type RowVerb = "top" | "up" | "down" | "bottom" | "before" | "edit" | "cancel" | "remove";

export const Parameters = ({ run, keys }: { run: Pick<Run, "parameters">; keys: string[] }) => (
  <span className="flex min-w-0 flex-wrap gap-x-3 gap-y-0.5 text-xs">
    {keys
      .filter((key) => run.parameters[key] !== undefined)
      .map((key) => (
        <span key={key} className="max-w-48 truncate" title={`${key} = ${shownValue(run.parameters[key])}`}>
          <span className="text-ink-3">{key} </span>
          <span className="font-mono text-ink">{shownValue(run.parameters[key])}</span>
        </span>
      ))}
  </span>
);

/** Further away, the day is told too. */
const CLOCK_ONLY_MS = 12 * 3_600_000;

const Estimate = ({ plan }: { plan: Planned | undefined }) => {
  const { t, format } = useLanguage();
  if (!plan?.start || !plan.end) return <span className="text-ink-3">{t("unit.estimateNone")}</span>;
  const clock = (iso: string) =>
    Date.parse(iso) - Date.now() < CLOCK_ONLY_MS ? format.clock(Date.parse(iso)) : format.dateTime(iso);
  const band = (name: "start" | "end", { p50, p90 }: { p50: string; p90: string }) => {
    const [from, to] = [clock(p50), clock(p90)];
    return from === to ? t(`unit.${name}At`, { from }) : t(`unit.${name}Band`, { from, to });
  };
  const title = [plan.start.p50, plan.start.p90, plan.end.p50, plan.end.p90].map(format.dateTime).join("\n");
  return (
    <span className="flex flex-wrap gap-x-2 tabular-nums" title={`${t("unit.bandNote")}\n${title}`}>
      <span className="whitespace-nowrap">{band("start", plan.start)}</span>
      <span className="whitespace-nowrap text-ink-2">{band("end", plan.end)}</span>
    </span>
  );
};

const Why = ({ run, plan }: { run: WaitingRun; plan: Planned | undefined }) => {
  const { t, format } = useLanguage();
  const text =
    run.misfit !== null
      ? t("unit.why.misfit", { misfit: run.misfit })
      : plan && reasonText(t, format, plan.reason, Date.now());
  if (!text) return null;
  return (
    <span
      className={clsx("flex min-w-0 items-start gap-1", run.misfit === null ? "text-ink-2" : "text-warn")}
      title={text}
    >
      {run.misfit !== null && <WarningIcon className="mt-0.5 size-3.5!" />}
      <span className="line-clamp-2 wrap-anywhere">{text}</span>
    </span>
  );
};

export const GRID =
  "grid grid-cols-[2rem_1.5rem_minmax(0,1fr)_2.25rem] items-center gap-x-2 md:grid-cols-[2rem_1.5rem_2rem_minmax(0,5fr)_minmax(0,4fr)_minmax(0,4fr)_2.25rem]";

/** where it stands among rows that are not all drawn */
type At = { index: number; style: CSSProperties; ref: Ref<HTMLLIElement> };

/** In the place of one that was not fetched yet. */
export const UnknownRow = ({ id, at, total }: { id: string; at: At; total: number }) => (
  <li
    ref={at.ref}
    data-run={id}
    data-index={at.index}
    aria-posinset={at.index + 1}
    aria-setsize={total}
    aria-busy="true"
    style={at.style}
    className={clsx(GRID, "absolute inset-x-0 min-h-13 border-b border-line bg-surface px-2 py-1.5 text-sm")}
  >
    <span />
    <span />
    <span className="text-ink-3 tabular-nums max-md:hidden">{at.index + 1}</span>
    <Skeleton className="h-4 w-2/3" />
  </li>
);

type Props = {
  run: WaitingRun;
  plan: Planned | undefined;
  keys: string[];
  /** from 1 */
  place: number;
  total: number;
  isHeld: boolean;
  isSelected: boolean;
  isEdited: boolean;
  at: At;
  handle: ComponentProps<"button">;
  onSelect: (id: string, range: boolean) => void;
  onVerb: (verb: RowVerb, run: WaitingRun) => void;
  onEdited: () => void;
};

export const WaitingRow = ({
  run,
  plan,
  keys,
  place,
  total,
  isHeld,
  isSelected,
  isEdited,
  at,
  handle,
  onSelect,
  onVerb,
  onEdited,
}: Props) => {
  const { t } = useLanguage();
  const mayChange = useMayChange();
  const item = (verb: RowVerb, icon: ReactNode, text: string, disabled = false) => (
    <MenuItem icon={icon} disabled={disabled} danger={verb === "remove"} onSelect={() => onVerb(verb, run)}>
      {text}
    </MenuItem>
  );
  return (
    <li
      ref={at.ref}
      data-run={run.runId}
      data-index={at.index}
      aria-posinset={place}
      aria-setsize={total}
      style={at.style}
      className={clsx(
        "absolute inset-x-0 scroll-my-20 border-b border-line last:border-b-0",
        isHeld ? "z-10 rounded-md bg-accent-soft shadow-raised" : isSelected ? "bg-accent-soft" : "bg-surface",
      )}
    >
      <div className={clsx(GRID, "min-h-13 px-2 py-1.5 text-sm")}>
        {mayChange ? (
          <button
            type="button"
            data-handle
            aria-label={t("unit.handle", { name: run.name, place, total })}
            aria-pressed={isHeld}
            className={clsx(
              "flex size-8 touch-none items-center justify-center rounded text-ink-3 hover:bg-sunken hover:text-ink",
              isHeld ? "cursor-grabbing!" : "cursor-grab!",
            )}
            {...handle}
          >
            <GripIcon />
          </button>
        ) : (
          <span />
        )}
        <Checkbox
          changes
          aria-label={t("unit.select", { name: run.name })}
          checked={isSelected}
          onChange={() => {}}
          onClick={(event) => onSelect(run.runId, event.shiftKey)}
        />
        <span className="text-ink-3 tabular-nums max-md:hidden">{place}</span>
        <span className="min-w-0">
          <span className="flex gap-1.5">
            <span className="text-ink-3 tabular-nums md:hidden">{place}</span>
            <Link
              href={`/runs/${encodeURIComponent(run.runId)}`}
              className="block truncate rounded font-medium hover:underline"
              title={run.name}
            >
              {run.name}
            </Link>
          </span>
          <Parameters run={run} keys={keys} />
          <span className="mt-1 flex flex-col gap-0.5 text-xs md:hidden">
            <Estimate plan={plan} />
            <Why run={run} plan={plan} />
          </span>
        </span>
        <span className="text-xs max-md:hidden">
          <Estimate plan={plan} />
        </span>
        <span className="text-xs max-md:hidden">
          <Why run={run} plan={plan} />
        </span>
        <Menu
          trigger={
            <IconButton changes size="sm" label={t("unit.actionsOf", { name: run.name })}>
              <MoreIcon />
            </IconButton>
          }
        >
          {item("top", <ArrowUpIcon />, t("unit.toTop"), place === 1)}
          {item("up", <ChevronDownIcon className="rotate-180" />, t("unit.up"), place === 1)}
          {item("down", <ChevronDownIcon />, t("unit.down"), place === total)}
          {item("bottom", <ArrowDownIcon />, t("unit.toBottom"), place === total)}
          {item("before", <GripIcon />, t("unit.before"), total === 1)}
          <MenuSeparator />
          {item("edit", <PencilIcon />, t("unit.edit"))}
          {item("cancel", <StopIcon />, t("unit.cancel"))}
          {item("remove", <TrashIcon />, t("unit.remove"))}
        </Menu>
      </div>
      {isEdited && <EditRun run={run} onClose={onEdited} />}
    </li>
  );
};
