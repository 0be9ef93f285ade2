"use client";
// One more run: fields where the driver said what it takes, JSON otherwise and for a copy of another run.
import { useMutation } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { toast } from "sonner";
import { useLanguage } from "../../i18n/locale-provider";
import type { JsonObject } from "../../platform/json-safety";
import { useRefusalSentence } from "../../ui/error-state";
import { Field, Input } from "../../ui/field";
import { FormDialog } from "../../ui/form-dialog";
import type { JsonProblem } from "../../ui/json-problem";
import { refusalOf } from "../../ui/refusal";
import { useTRPC } from "../../ui/trpc";
import type { Run } from "../run";
import { fieldsOf, parametersFrom } from "./unit-fields";
import { jsonText, ParameterFields, ParametersJson, readParameters } from "./unit-parameters";
import { useUnitRefetch } from "./use-unit-actions";

type Props = {
  unitId: string;
  title: string;
  /** as the unit's driver published it */
  schema: JsonObject | null;
  /** the run that this one is a copy of, with changes */
  from?: Pick<Run, "runId" | "parameters">;
  onAdded?: (run: Run) => void;
  onClose: () => void;
};

export const AddRun = ({ unitId, title, schema, from, onAdded, onClose }: Props) => {
  const { t } = useLanguage();
  const trpc = useTRPC();
  const refetch = useUnitRefetch();
  const sentence = useRefusalSentence();
  const fields = useMemo(() => (from ? null : fieldsOf(schema)), [from, schema]);
  const [asJson, setAsJson] = useState(fields === null);
  const [values, setValues] = useState(() =>
    Object.fromEntries((fields ?? []).map((field) => [field.name, field.initial])),
  );
  const [text, setText] = useState(() => jsonText(from?.parameters ?? { lr: 0.01 }));
  const [problem, setProblem] = useState<JsonProblem | null>(null);
  const [bad, setBad] = useState<string | null>(null);
  const [name, setName] = useState("");
  const create = useMutation(
    trpc.runs.create.mutationOptions({
      onSuccess: async (run) => {
        toast.success(t("unit.added", { name: run.name }));
        onClose();
        onAdded?.(run);
        await refetch();
      },
    }),
  );

  const toJson = () => {
    const read = parametersFrom(fields ?? [], values);
    if ("parameters" in read) setText(jsonText(read.parameters));
    setAsJson(true);
  };
  const read = (): JsonObject | null => {
    if (!asJson && fields) {
      const filled = parametersFrom(fields, values);
      setBad("bad" in filled ? filled.bad : null);
      return "bad" in filled ? null : filled.parameters;
    }
    const found = readParameters(text);
    setProblem("problem" in found ? found.problem : null);
    return "problem" in found ? null : found.value;
  };
  const submit = () => {
    const parameters = read();
    if (parameters === null) return;
    create.mutate({
      unitId,
      parameters,
      ...(from && { parentId: from.runId }),
      ...(name.trim() !== "" && { name: name.trim() }),
    });
  };

  return (
    <FormDialog title={title} confirm={t("unit.add")} busy={create.isPending} onSubmit={submit} onClose={onClose}>
      {asJson || !fields ? (
        <ParametersJson
          text={text}
          problem={problem}
          onChange={setText}
          onForm={fields ? () => setAsJson(false) : undefined}
        />
      ) : (
        <ParameterFields
          fields={fields}
          values={values}
          bad={bad}
          onChange={(key, value) => setValues({ ...values, [key]: value })}
          onJson={toJson}
        />
      )}
      <Field label={t("unit.name")} optional={t("form.optional")} hint={t("unit.nameHint")}>
        {(field) => <Input {...field} value={name} maxLength={500} onChange={(event) => setName(event.target.value)} />}
      </Field>
      {create.isError && (
        <p role="alert" className="text-sm text-bad">
          {sentence(refusalOf(create.error))}
        </p>
      )}
    </FormDialog>
  );
};
