"use client";
// The parameters of a sweep, each with the values it takes.
import { useId } from "react";
import { useLanguage } from "../../i18n/locale-provider";
import { Button, IconButton } from "../../ui/button";
import { Field, Input, Select } from "../../ui/field";
import { CrossIcon, PlusIcon } from "../../ui/icons";
import { FIELDS, KINDS, type Kind, newRow, type ParameterRow } from "./sweep-form";

type Props = {
  rows: ParameterRow[];
  /** by the parameter's name */
  errors: Map<string, string>;
  onChange: (rows: ParameterRow[]) => void;
};

const Row = ({
  row,
  error,
  onChange,
  onRemove,
}: {
  row: ParameterRow;
  error: string | undefined;
  onChange: (row: ParameterRow) => void;
  onRemove: (() => void) | null;
}) => {
  const { t } = useLanguage();
  const errorId = useId();
  const fields: readonly (keyof ParameterRow["texts"])[] = FIELDS[row.kind];
  return (
    <li className="space-y-2 rounded-lg border border-line p-3">
      <div className="flex flex-wrap items-end gap-2">
        <Field label={t("sweep.parameter")} className="min-w-0 flex-1 max-sm:basis-full">
          {(field) => (
            <Input
              {...field}
              aria-describedby={error ? errorId : undefined}
              aria-invalid={error ? true : undefined}
              value={row.name}
              maxLength={200}
              onChange={(event) => onChange({ ...row, name: event.target.value })}
            />
          )}
        </Field>
        <Field label={t("sweep.kind")} className="max-sm:flex-1">
          {(field) => (
            <Select
              {...field}
              className="w-full"
              value={row.kind}
              onChange={(event) => onChange({ ...row, kind: event.target.value as Kind })}
            >
              {KINDS.map((kind) => (
                <option key={kind} value={kind}>
                  {t(`sweep.kind.${kind}`)}
                </option>
              ))}
            </Select>
          )}
        </Field>
        {onRemove && (
          <IconButton label={t("sweep.removeParameter", { name: row.name || "…" })} onClick={onRemove}>
            <CrossIcon />
          </IconButton>
        )}
      </div>
      <div className="flex gap-2">
        {fields.map((name) => (
          <Field
            key={name}
            label={row.kind === "fixed" ? t("sweep.field.value") : t(`sweep.field.${name}`)}
            className="min-w-0 flex-1"
          >
            {(field) => (
              <Input
                {...field}
                className="font-mono"
                value={row.texts[name] ?? ""}
                placeholder={name === "values" ? (row.kind === "fixed" ? "10" : "0.1, 0.01, 0.001") : undefined}
                onChange={(event) => onChange({ ...row, texts: { ...row.texts, [name]: event.target.value } })}
              />
            )}
          </Field>
        ))}
      </div>
      {error && (
        <p id={errorId} className="text-xs text-bad">
          {error}
        </p>
      )}
    </li>
  );
};

export const SweepParameters = ({ rows, errors, onChange }: Props) => {
  const { t } = useLanguage();
  const nextId = Math.max(0, ...rows.map((row) => row.id)) + 1;
  return (
    <div className="space-y-3">
      <ul className="space-y-3">
        {rows.map((row) => (
          <Row
            key={row.id}
            row={row}
            error={errors.get(row.name.trim())}
            onChange={(changed) => onChange(rows.map((one) => (one.id === row.id ? changed : one)))}
            onRemove={rows.length > 1 ? () => onChange(rows.filter((one) => one.id !== row.id)) : null}
          />
        ))}
      </ul>
      <Button size="sm" icon={<PlusIcon />} onClick={() => onChange([...rows, newRow(nextId)])}>
        {t("sweep.addParameter")}
      </Button>
    </div>
  );
};
