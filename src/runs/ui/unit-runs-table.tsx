"use client";
import clsx from "clsx";
import Link from "next/link";
import { useLanguage } from "../../i18n/locale-provider";
import { Badge } from "../../ui/badge";
import { IconButton } from "../../ui/button";
import { Checkbox } from "../../ui/field";
import { RetryIcon } from "../../ui/icons";
import { ScrollRegion } from "../../ui/scroll-region";
import type { Selection } from "../../ui/selection";
import { Duration } from "../../ui/time";
import type { Run } from "../run";
// Runs as a table: what was different about each, what came out, and which was the best.
import { shownValue } from "./unit-order";
import { RunBadge } from "./unit-status";
import { useUnitActions } from "./use-unit-actions";

/** A number that a run came to: of its result, else of its metrics at the end, as in `bestRun`. */
export const resultNumber = (run: Run, key: string): number | null => {
  const value = run.result?.[key] ?? run.metrics?.[key];
  return typeof value === "number" && Number.isFinite(value) ? value : null;
};

const cell = "border-b border-line px-3 py-2 whitespace-nowrap";

type Props = {
  runs: Run[];
  parameterKeys: string[];
  resultKeys: string[];
  best: string | null;
  selection: Selection;
};

export const RunsTable = ({ runs, parameterKeys, resultKeys, best, selection }: Props) => {
  const { t, format } = useLanguage();
  const { retry } = useUnitActions();
  const head = (key: string, text: string, right = false) => (
    <th key={key} scope="col" className={clsx(cell, "font-medium", right ? "text-right" : "text-left")}>
      {text}
    </th>
  );
  return (
    <ScrollRegion label={t("unit.runsTable")} className="relative overflow-x-auto -outline-offset-2">
      <table className="w-full border-separate border-spacing-0 text-sm [&_tbody_tr:last-child_td]:border-b-0">
        <thead className="text-xs text-ink-2">
          <tr>
            <th scope="col" className={clsx(cell, "w-8 pr-0 text-left")}>
              <Checkbox
                changes
                aria-label={t("unit.selectShown")}
                checked={selection.isAll}
                indeterminate={selection.isSome && !selection.isAll}
                onChange={() => selection.toggleAll()}
                className="align-middle"
              />
            </th>
            {head("state", t("column.state"))}
            {head("name", t("column.name"))}
            {parameterKeys.map((key) => head(`p ${key}`, key))}
            {resultKeys.map((key) => head(`r ${key}`, key, true))}
            {head("duration", t("unit.column.duration"), true)}
            <th scope="col" className={cell}>
              <span className="sr-only">{t("column.actions")}</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {runs.map((run) => (
            <tr
              key={run.runId}
              className={selection.has(run.runId) ? "bg-accent-soft" : run.runId === best ? "bg-ok-soft" : undefined}
            >
              <td className={clsx(cell, "pr-0")}>
                <Checkbox
                  changes
                  aria-label={t("unit.select", { name: run.name })}
                  checked={selection.has(run.runId)}
                  onChange={() => {}}
                  onClick={(event) => selection.toggle(run.runId, event.shiftKey)}
                  className="align-middle"
                />
              </td>
              <td className={cell}>
                <RunBadge status={run.status} />
              </td>
              <td className={clsx(cell, "max-w-72")}>
                <span className="flex items-center gap-2">
                  <Link
                    href={`/runs/${encodeURIComponent(run.runId)}`}
                    className="truncate rounded font-medium hover:underline"
                    title={run.errorMessage ? `${run.name}\n${run.errorMessage}` : run.name}
                  >
                    {run.name}
                  </Link>
                  {run.runId === best && <Badge tone="ok">{t("unit.best")}</Badge>}
                </span>
              </td>
              {parameterKeys.map((key) => (
                <td key={key} className={clsx(cell, "max-w-48 truncate font-mono text-xs")}>
                  {shownValue(run.parameters[key])}
                </td>
              ))}
              {resultKeys.map((key) => {
                const value = resultNumber(run, key);
                return (
                  <td key={key} className={clsx(cell, "text-right tabular-nums")} title={value?.toString()}>
                    {value === null ? "" : format.metric(value)}
                  </td>
                );
              })}
              <td className={clsx(cell, "text-right text-ink-2")}>
                {run.startedAt && <Duration from={run.startedAt} to={run.completedAt} />}
              </td>
              <td className={clsx(cell, "py-0!")}>
                {(run.status === "failed" || run.status === "cancelled") && (
                  <IconButton
                    changes
                    size="sm"
                    label={t("unit.retryNamed", { name: run.name })}
                    onClick={() => retry.mutate({ runId: run.runId })}
                  >
                    <RetryIcon />
                  </IconButton>
                )}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </ScrollRegion>
  );
};
