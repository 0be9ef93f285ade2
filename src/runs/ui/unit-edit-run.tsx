"use client";
// Name and parameters of a run that waits, changed where it stands. What somebody else changed meanwhile is shown beside.
import { useMutation } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import { toast } from "sonner";
import { useLanguage } from "../../i18n/locale-provider";
import { Button } from "../../ui/button";
import { useRefusalSentence } from "../../ui/error-state";
import { Field, Input } from "../../ui/field";
import type { JsonProblem } from "../../ui/json-problem";
import { isStale, refusalOf } from "../../ui/refusal";
import { useTRPCClient } from "../../ui/trpc";
import type { WaitingRun } from "../line";
import type { Run } from "../run";
import { jsonText, ParametersJson, readParameters } from "./unit-parameters";
import { writeOverSeen } from "./unit-stale";
import { useUnitRefetch } from "./use-unit-actions";

type Version = { name: string; text: string };
const versionOf = (run: Pick<Run, "name" | "parameters">): Version => ({
  name: run.name,
  text: jsonText(run.parameters),
});
const isSame = (one: Version, other: Version) => one.name === other.name && one.text === other.text;

const Side = ({ title, version }: { title: string; version: Version }) => (
  <div className="min-w-0 rounded-md border border-line bg-surface p-2">
    <p className="text-xs font-medium text-ink-2">{title}</p>
    <p className="mt-1 text-sm wrap-anywhere">{version.name}</p>
    <pre className="mt-1 font-mono text-xs whitespace-pre-wrap wrap-anywhere">{version.text}</pre>
  </div>
);

export const EditRun = ({ run, onClose }: { run: WaitingRun; onClose: () => void }) => {
  const { t } = useLanguage();
  const client = useTRPCClient();
  const refetch = useUnitRefetch();
  const sentence = useRefusalSentence();
  const [base, setBase] = useState(() => versionOf(run));
  const [draft, setDraft] = useState(base);
  const [theirs, setTheirs] = useState<Version | null>(null);
  const [problem, setProblem] = useState<JsonProblem | null>(null);
  const save = useMutation({
    mutationFn: async ({ parameters, over }: { parameters: Run["parameters"]; over: Version }) => {
      const { runId, unitId } = run;
      const read = async () => {
        const { version } = await client.units.get.query({ unitId });
        return { version, thing: versionOf(await client.runs.get.query({ runId })) };
      };
      const name = draft.name.trim() || over.name;
      const write = (ifVersion: number) => client.runs.update.mutate({ runId, name, parameters, ifVersion });
      return writeOverSeen(read, write, (now) => isSame(now, over), isStale);
    },
    onSuccess: async (changed: Version | null) => {
      setTheirs(changed);
      if (changed) return;
      toast.success(t("unit.saved", { name: draft.name }));
      onClose();
      await refetch();
    },
    onError: () => void refetch(),
  });
  /** @param over what the reader saw, and agrees to replace */
  const saveOver = (over: Version) => {
    const found = readParameters(draft.text);
    setProblem("problem" in found ? found.problem : null);
    if ("value" in found) save.mutate({ parameters: found.value, over });
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!other) saveOver(base);
  };
  const live = versionOf(run);
  const other = theirs ?? (isSame(live, base) ? null : live);
  const take = (version: Version) => {
    setBase(version);
    setTheirs(null);
    setDraft(version);
  };

  return (
    <form
      onSubmit={submit}
      onKeyDown={(event) => event.key === "Escape" && onClose()}
      aria-label={t("unit.editNamed", { name: base.name })}
      className="grid gap-3 border-t border-line bg-sunken px-4 py-3 md:grid-cols-2"
    >
      <Field label={t("unit.name")}>
        {(field) => (
          <Input
            {...field}
            autoFocus
            value={draft.name}
            maxLength={500}
            onChange={(event) => setDraft({ ...draft, name: event.target.value })}
          />
        )}
      </Field>
      <ParametersJson text={draft.text} problem={problem} onChange={(text) => setDraft({ ...draft, text })} />
      {other && (
        <div role="alert" className="space-y-2 md:col-span-2 rounded-lg bg-warn-soft p-3">
          <p className="text-sm font-medium">{t("unit.stale")}</p>
          <div className="grid gap-2 sm:grid-cols-2">
            <Side title={t("unit.staleTheirs")} version={other} />
            <Side title={t("unit.staleYours")} version={draft} />
          </div>
          <div className="flex flex-wrap gap-2">
            <Button size="sm" onClick={() => take(other)}>
              {t("unit.staleTake")}
            </Button>
            <Button size="sm" onClick={() => saveOver(other)}>
              {t("unit.staleSave")}
            </Button>
          </div>
        </div>
      )}
      {save.isError && (
        <p role="alert" className="text-sm text-bad md:col-span-2">
          {sentence(refusalOf(save.error))}
        </p>
      )}
      <div className="flex justify-end gap-2 md:col-span-2">
        <Button size="sm" onClick={onClose}>
          {t("unit.discard")}
        </Button>
        <Button size="sm" look="primary" type="submit" busy={save.isPending} disabled={other !== null}>
          {t("action.save")}
        </Button>
      </div>
    </form>
  );
};
