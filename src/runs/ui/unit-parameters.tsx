"use client";
// Parameters as a small JSON text or as fields, in a form of a run.
import { useId } from "react";
import { useLanguage } from "../../i18n/locale-provider";
import type { JsonObject } from "../../platform/json-safety";
import { Button } from "../../ui/button";
import { Field, Input, Select } from "../../ui/field";
import { JsonEditor } from "../../ui/json-editor";
import { type JsonProblem, readJsonObject } from "../../ui/json-problem";
import type { FormField } from "./unit-fields";

export const jsonText = (parameters: JsonObject): string => JSON.stringify(parameters, null, 2);

/** @returns the object, or what is wrong with the text */
export const readParameters = (text: string): { value: JsonObject } | { problem: JsonProblem } => {
  const found = readJsonObject(text);
  return "problem" in found ? found : { value: found.value as JsonObject };
};

export const ParametersJson = ({
  text,
  problem,
  onChange,
  onForm,
}: {
  text: string;
  problem: JsonProblem | null;
  onChange: (text: string) => void;
  onForm?: (() => void) | undefined;
}) => {
  const { t } = useLanguage();
  return (
    <div>
      <Field
        label={t("unit.parameters")}
        error={problem ? t("unit.badJson", { line: problem.line, column: problem.column }) : undefined}
      >
        {(field) => <JsonEditor {...field} value={text} onChange={onChange} badLine={problem?.line ?? null} />}
      </Field>
      {onForm && (
        <Button size="sm" look="ghost" className="mt-1.5 -ml-2.5" onClick={onForm}>
          {t("unit.asForm")}
        </Button>
      )}
    </div>
  );
};

export const ParameterFields = ({
  fields,
  values,
  bad,
  onChange,
  onJson,
}: {
  fields: FormField[];
  values: Record<string, string>;
  bad: string | null;
  onChange: (name: string, value: string) => void;
  onJson: () => void;
}) => {
  const { t } = useLanguage();
  const titleId = useId();
  return (
    <fieldset aria-labelledby={titleId}>
      <div className="mb-2 flex items-center justify-between">
        <span id={titleId} className="text-sm font-medium">
          {t("unit.parameters")}
        </span>
        <Button size="sm" look="ghost" className="-mr-2.5" onClick={onJson}>
          {t("unit.asJson")}
        </Button>
      </div>
      <div className="grid gap-3 sm:grid-cols-2">
        {fields.map(({ name, kind, choices, required, description }) => (
          <Field
            key={name}
            label={name}
            hint={description}
            optional={required ? "" : t("form.optional")}
            error={bad === name ? t("unit.badNumber", { name }) : undefined}
          >
            {(field) =>
              choices.length > 0 ? (
                <Select {...field} value={values[name] ?? ""} onChange={(event) => onChange(name, event.target.value)}>
                  <option value="">–</option>
                  {choices.map((choice) => (
                    <option key={choice}>{choice}</option>
                  ))}
                </Select>
              ) : (
                <Input
                  {...field}
                  required={required}
                  inputMode={kind === "integer" ? "numeric" : kind === "number" ? "decimal" : undefined}
                  value={values[name] ?? ""}
                  onChange={(event) => onChange(name, event.target.value)}
                />
              )
            }
          </Field>
        ))}
      </div>
    </fieldset>
  );
};
