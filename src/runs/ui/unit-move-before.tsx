"use client";
// Which run the moved ones go before: found by its number in the line or by its name.
import { keepPreviousData, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useLanguage } from "../../i18n/locale-provider";
import { Button } from "../../ui/button";
import { Dialog } from "../../ui/dialog";
import { ErrorState } from "../../ui/error-state";
import { Field, Input } from "../../ui/field";
import { type Outputs, useTRPC } from "../../ui/trpc";

type Found = Outputs["line"]["find"];

/** More are found by typing on. */
const SHOWN = 20;
/** As many are asked for at most, of which those that move are left out. */
const MAX_ASKED = 1000;

export const MoveBefore = ({
  unitId,
  title,
  moving,
  onMove,
  onClose,
}: {
  unitId: string;
  title: string;
  moving: string[];
  onMove: (beforeId: string) => void;
  onClose: () => void;
}) => {
  const { t } = useLanguage();
  const trpc = useTRPC();
  const [text, setText] = useState("");
  const limit = Math.min(MAX_ASKED, SHOWN + moving.length);
  const asked = trpc.line.find.queryOptions({ unitId, text: text.trim(), limit });
  const queryClient = useQueryClient();
  const query = useQuery({ ...asked, placeholderData: keepPreviousData });
  const isMoving = new Set(moving);
  const staying = (all: Found) => all.found.filter(({ runId }) => !isMoving.has(runId)).slice(0, SHOWN);
  const found = query.data && staying(query.data);
  const further = (query.data?.total ?? 0) - limit;
  const choose = (id: string) => {
    onClose();
    onMove(id);
  };
  const chooseFirst = async () => {
    // What is shown may be of what was typed before. A failure is shown in place of the list.
    const answer = await queryClient.fetchQuery(asked).catch(() => null);
    const [first] = answer ? staying(answer) : [];
    if (first) choose(first.runId);
  };
  return (
    <Dialog open onOpenChange={onClose} title={title} footer={<Button onClick={onClose}>{t("action.close")}</Button>}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (text.trim() !== "") void chooseFirst();
        }}
      >
        <Field label={t("unit.beforeWhich")} hint={t("unit.beforeHint")}>
          {(field) => <Input {...field} type="search" value={text} onChange={(event) => setText(event.target.value)} />}
        </Field>
      </form>
      {query.isError && !found && <ErrorState compact error={query.error} onRetry={() => query.refetch()} />}
      <ul aria-label={t("unit.beforeFound")} className="mt-2 max-h-[40vh] overflow-y-auto">
        {found?.map(({ runId, at, name }) => (
          <li key={runId}>
            <button
              type="button"
              onClick={() => choose(runId)}
              className="flex min-h-8 w-full items-baseline gap-2 rounded px-2 py-1 text-left text-sm hover:bg-hover max-sm:min-h-10"
            >
              <span className="min-w-8 text-right text-ink-3 tabular-nums">{at + 1}</span>
              <span className="min-w-0 truncate" title={name}>
                {name}
              </span>
            </button>
          </li>
        ))}
      </ul>
      <p aria-live="polite" className="mt-1 px-2 text-xs text-ink-2">
        {found?.length === 0 ? t("unit.noMatch") : further > 0 && t("unit.beforeMore", { count: further })}
      </p>
    </Dialog>
  );
};
