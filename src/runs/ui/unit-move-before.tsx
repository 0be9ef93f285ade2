"use client";
// Which run the moved ones go before: found by its number in the line or by its name.
import { useMemo, useState } from "react";
import { useLanguage } from "../../i18n/locale-provider";
import { Button } from "../../ui/button";
import { Dialog } from "../../ui/dialog";
import { Field, Input } from "../../ui/field";
import { foundInLine } from "./unit-order";

/** More are found by typing on. */
const SHOWN = 20;

export const MoveBefore = ({
  title,
  ids,
  moving,
  nameOf,
  onMove,
  onClose,
}: {
  title: string;
  /** all that wait, in their order */
  ids: string[];
  moving: string[];
  nameOf: (id: string) => string;
  onMove: (beforeId: string) => void;
  onClose: () => void;
}) => {
  const { t } = useLanguage();
  const [text, setText] = useState("");
  const found = useMemo(() => {
    const isMoving = new Set(moving);
    const line = ids.map((id, index) => ({ id, place: index + 1, name: nameOf(id) }));
    return foundInLine(line, text).filter(({ id }) => !isMoving.has(id));
  }, [ids, moving, nameOf, text]);
  const choose = (id: string) => {
    onClose();
    onMove(id);
  };
  const [first] = found;
  return (
    <Dialog open onOpenChange={onClose} title={title} footer={<Button onClick={onClose}>{t("action.close")}</Button>}>
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (first && text.trim() !== "") choose(first.id);
        }}
      >
        <Field label={t("unit.beforeWhich")} hint={t("unit.beforeHint")}>
          {(field) => <Input {...field} type="search" value={text} onChange={(event) => setText(event.target.value)} />}
        </Field>
      </form>
      <ul aria-label={t("unit.beforeFound")} className="mt-2 max-h-[40vh] overflow-y-auto">
        {found.slice(0, SHOWN).map(({ id, place, name }) => (
          <li key={id}>
            <button
              type="button"
              onClick={() => choose(id)}
              className="flex min-h-8 w-full items-baseline gap-2 rounded px-2 py-1 text-left text-sm hover:bg-hover max-sm:min-h-10"
            >
              <span className="min-w-8 text-right text-ink-3 tabular-nums">{place}</span>
              <span className="min-w-0 truncate">{name}</span>
            </button>
          </li>
        ))}
      </ul>
      <p aria-live="polite" className="mt-1 px-2 text-xs text-ink-2">
        {found.length === 0
          ? t("unit.noMatch")
          : found.length > SHOWN && t("unit.beforeMore", { count: found.length - SHOWN })}
      </p>
    </Dialog>
  );
};
