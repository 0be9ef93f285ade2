"use client";
// A sweep to be made, or one to be extended: its parameters at the left, every run that they make at the right, before anything is queued.
import { useMutation, useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useRouter } from "next/navigation";
import { useMemo, useState } from "react";
import { toast } from "sonner";
import { useLanguage } from "../../i18n/locale-provider";
import { detailsIn } from "../../platform/errors";
import { problemsOf } from "../../platform/validate";
import { Button } from "../../ui/button";
import { Card } from "../../ui/card";
import { ConfirmDialog } from "../../ui/dialog";
import { useRefusalSentence } from "../../ui/error-state";
import { Field, Input, Select } from "../../ui/field";
import { refusalOf } from "../../ui/refusal";
import { Skeleton } from "../../ui/skeleton";
import { type Outputs, useTRPC } from "../../ui/trpc";
import { sweepRecipe } from "../sweep-recipe";
import { formOf, newRow, recipeOf, rowOfPath, type SweepForm } from "./sweep-form";
import { SweepOutlook } from "./sweep-outlook";
import { SweepParameters } from "./sweep-parameters";
import { SweepPreview } from "./sweep-preview";
import { fieldsOf } from "./unit-fields";
import { useLate, useSweepPreview } from "./use-sweep-preview";

const ASK_AFTER_MS = 300;
/** More runs than this are asked for once more. */
const MANY = 1000;

const EMPTY: SweepForm = {
  name: "",
  rows: [
    { ...newRow(1, "lr"), texts: { values: "0.1, 0.01, 0.001" } },
    { ...newRow(2, "epochs", "fixed"), texts: { values: "10" } },
  ],
  ...{ method: "grid", count: "20", order: "given", seed: "1" },
};

type Sweep = Outputs["sweeps"]["get"];

/** @param extend the sweep that gets the runs; without it a new one does */
export const SweepNewPage = ({ unitId, extend }: { unitId: string; extend?: Sweep }) => {
  const { t, locale } = useLanguage();
  const trpc = useTRPC();
  const router = useRouter();
  const sentence = useRefusalSentence();
  const unit = useQuery(trpc.units.get.queryOptions({ unitId }));
  const [form, setForm] = useState<SweepForm | null>(null);
  const published = useMemo(() => fieldsOf(unit.data?.parametersSchema ?? null), [unit.data]);
  const lastRecipe = extend?.recipes.at(-1);
  const suggested: SweepForm = lastRecipe
    ? formOf(lastRecipe, "")
    : published
      ? {
          ...EMPTY,
          rows: published.map((field, index) => ({
            ...newRow(index + 1, field.name, index === 0 ? "list" : "fixed"),
            texts: field.initial === "" ? {} : { values: field.initial },
          })),
        }
      : EMPTY;
  const now = form ?? suggested;
  const change = (part: Partial<SweepForm>) => setForm({ ...now, ...part });
  const text = useLate(JSON.stringify(recipeOf(now)), ASK_AFTER_MS);
  // By the server's own schema: what it would refuse is not sent.
  const problems = useMemo(() => {
    const recipe: unknown = JSON.parse(text);
    const checked = sweepRecipe.safeParse(recipe);
    return checked.success ? [] : detailsIn(locale, problemsOf(checked.error, recipe));
  }, [text, locale]);
  const preview = useSweepPreview({
    ...{ unitId, sweepId: extend?.sweepId, text, form: now },
    enabled: unit.isSuccess && problems.length === 0,
  });
  const { query, rows, chosen, outlook, lost } = preview;
  const [isAsking, setAsking] = useState(false);
  const queued = (page: string, count: number) => {
    toast.success(t("sweep.queued", { count }));
    router.push(page);
  };
  const unitPage = `/units/${encodeURIComponent(unitId)}`;
  const made = useMutation(
    trpc.sweeps.create.mutationOptions({ onSuccess: ({ runIds }) => queued(unitPage, runIds.length) }),
  );
  const sweepPage = extend && `/sweeps/${encodeURIComponent(extend.sweepId)}`;
  const more = useMutation(
    trpc.sweeps.extend.mutationOptions({ onSuccess: ({ runIds }) => queued(sweepPage ?? unitPage, runIds.length) }),
  );
  const create = extend ? more : made;
  const queue = () => {
    setAsking(false);
    const which = { recipe: JSON.parse(text), ...preview.which, onlyFresh: false };
    const name = now.name.trim();
    if (extend) more.mutate({ sweepId: extend.sweepId, ...which });
    else made.mutate({ unitId, ...which, ...(name === "" ? {} : { name }) });
  };
  const refusal = query.isError ? refusalOf(query.error) : null;
  const errors = new Map<string, string>();
  const others: string[] = [];
  for (const { path, message } of problems.length > 0 ? problems : (refusal?.details ?? [])) {
    const name = rowOfPath(path);
    const field = path.replace(/^recipe\./, "");
    if (name !== null && now.rows.some((row) => row.name.trim() === name))
      errors.set(name, `${field.split(".").slice(2).join(".") || name} ${message}`);
    else others.push(`${field} ${message}`);
  }
  return (
    <div className="space-y-4">
      <title>{extend ? t("unit.title", { name: extend.name }) : t("sweep.title")}</title>
      <header>
        <Link href={sweepPage ?? unitPage} className="text-sm wrap-anywhere text-ink-2 hover:text-ink">
          {extend?.name ?? (unit.data ? `${unit.data.groupName} / ${unit.data.name}` : t("run.unit"))}
        </Link>
        <h1 className="text-xl font-semibold tracking-tight">{t(extend ? "sweep.extend" : "unit.newSweep")}</h1>
      </header>
      <div className="grid items-start gap-4 lg:grid-cols-2">
        <Card title={t("run.parameters")}>
          <div className="space-y-4 p-4">
            {unit.isPending ? (
              <Skeleton className="h-40" />
            ) : (
              <SweepParameters rows={now.rows} errors={errors} onChange={(changed) => change({ rows: changed })} />
            )}
            <div className="grid gap-3 sm:grid-cols-2">
              <Field label={t("sweep.method")}>
                {(field) => (
                  <Select
                    {...field}
                    className="w-full"
                    value={now.method}
                    onChange={(event) =>
                      change({ method: event.target.value === "random" ? "random" : "grid", order: "given" })
                    }
                  >
                    <option value="grid">{t("sweep.method.grid")}</option>
                    <option value="random">{t("sweep.method.random")}</option>
                  </Select>
                )}
              </Field>
              {now.method === "random" && (
                <Field label={t("sweep.count")}>
                  {(field) => (
                    <Input
                      {...field}
                      inputMode="numeric"
                      value={now.count}
                      onChange={(event) => change({ count: event.target.value })}
                    />
                  )}
                </Field>
              )}
              <Field label={t("sweep.order")}>
                {(field) => (
                  <Select
                    {...field}
                    className="w-full"
                    value={now.order}
                    onChange={(event) => change({ order: event.target.value as SweepForm["order"] })}
                  >
                    <option value="given">{t("sweep.order.given")}</option>
                    <option value="shuffled">{t("sweep.order.shuffled")}</option>
                    {now.method === "grid" && <option value="cornersFirst">{t("sweep.order.corners")}</option>}
                  </Select>
                )}
              </Field>
              <Field label={t("sweep.seed")}>
                {(field) => (
                  <Input
                    {...field}
                    inputMode="numeric"
                    value={now.seed}
                    onChange={(event) => change({ seed: event.target.value })}
                  />
                )}
              </Field>
              {!extend && (
                <Field label={t("unit.name")} optional={t("form.optional")} className="sm:col-span-2">
                  {(field) => (
                    <Input
                      {...field}
                      value={now.name}
                      maxLength={500}
                      onChange={(event) => change({ name: event.target.value })}
                    />
                  )}
                </Field>
              )}
            </div>
          </div>
        </Card>
        <Card
          title={t("sweep.preview")}
          actions={
            <Button
              changes
              size="sm"
              look="primary"
              disabled={chosen.size === 0 || query.isFetching || problems.length > 0}
              busy={create.isPending}
              onClick={() => (chosen.size > MANY ? setAsking(true) : queue())}
            >
              {t("sweep.queue", { count: chosen.size })}
            </Button>
          }
        >
          {(others.length > 0 || (refusal && problems.length === 0 && errors.size === 0)) && (
            <p role="alert" className="px-4 py-3 text-sm text-bad">
              {others.length > 0 ? others.join("; ") : refusal && sentence(refusal)}
            </p>
          )}
          {create.isError && (
            <p role="alert" className="px-4 py-3 text-sm text-bad">
              {sentence(refusalOf(create.error))}
            </p>
          )}
          {query.isPending && problems.length === 0 && <Skeleton className="m-4 h-40" />}
          {lost && (
            <p className="flex flex-wrap items-center gap-x-3 gap-y-1 border-b border-line px-4 py-2 text-sm text-warn">
              {t("sweep.lost", { count: lost.count })}
              <Button size="sm" onClick={() => setForm(lost.form)}>
                {t("sweep.lostBack")}
              </Button>
            </p>
          )}
          {outlook && rows.length > 0 && chosen.size > 0 && <SweepOutlook outlook={outlook} />}
          {preview.removed > 0 && (
            <p className="flex flex-wrap items-center gap-x-3 gap-y-1 border-b border-line px-4 py-2 text-sm text-ink-2">
              {t("sweep.removedRows", { count: preview.removed })}
              <Button size="sm" onClick={preview.bringBack}>
                {t("sweep.bringBack")}
              </Button>
            </p>
          )}
          {rows.length > 0 && <SweepPreview {...preview} />}
          {errors.size > 0 && <p className="px-4 py-6 text-sm text-ink-2">{t("sweep.mend")}</p>}
        </Card>
      </div>
      <ConfirmDialog
        open={isAsking}
        onOpenChange={setAsking}
        title={t("sweep.queue", { count: chosen.size })}
        description={t("sweep.many")}
        confirm={t("sweep.queue", { count: chosen.size })}
        keep={t("action.close")}
        onConfirm={queue}
      />
    </div>
  );
};
