"use client";
// One row of a sweep that is not made yet: each of its values, to be changed.
import { useState } from "react";
import { useLanguage } from "../../i18n/locale-provider";
import { Button } from "../../ui/button";
import { Field, Input } from "../../ui/field";
import { FormDialog } from "../../ui/form-dialog";
import type { Parameters } from "../sweep-rows";
import { readValue, textOf } from "./sweep-form";
import type { PreviewRow } from "./use-sweep-preview";

type Props = {
  row: PreviewRow;
  onSave: (parameters: Parameters) => void;
  /** back to what the recipe makes */
  onUndo: () => void;
  onClose: () => void;
};

export const SweepRowDialog = ({ row, onSave, onUndo, onClose }: Props) => {
  const { t, format } = useLanguage();
  const [texts, setTexts] = useState<ReadonlyMap<string, string>>(new Map());
  const entries = Object.entries(row.parameters);
  const submit = () => {
    if ([...texts.values()].some((text) => text.trim() === "")) return;
    // What was not touched stays the value that it is, not what its text reads as.
    const changed = entries.map(([name, value]) => {
      const text = texts.get(name);
      return [name, text === undefined || text === textOf(value) ? value : readValue(text)];
    });
    const differs = entries.some(([name, value]) => (texts.get(name) ?? textOf(value)) !== textOf(value));
    if (differs) onSave(Object.fromEntries(changed));
    onClose();
  };
  return (
    <FormDialog
      title={t("sweep.editRowTitle", { row: format.number(row.row + 1) })}
      description={t("sweep.editRowNote")}
      confirm={t("action.save")}
      other={
        row.edited && (
          <Button
            onClick={() => {
              onUndo();
              onClose();
            }}
          >
            {t("sweep.undoRow")}
          </Button>
        )
      }
      onSubmit={submit}
      onClose={onClose}
    >
      {entries.map(([name, value]) => {
        const text = texts.get(name) ?? textOf(value);
        return (
          <Field key={name} label={name} error={text.trim() === "" ? t("sweep.valueMissing") : undefined}>
            {(field) => (
              <Input
                {...field}
                className="font-mono"
                value={text}
                onChange={(event) => setTexts(new Map(texts).set(name, event.target.value))}
              />
            )}
          </Field>
        );
      })}
      {row.misfit !== null && <p className="text-xs text-warn">{row.misfit}</p>}
    </FormDialog>
  );
};
