"use client";
// A recipe in words: how its runs are combined, and the values of each parameter.
import { useMemo } from "react";
import { useLanguage } from "../../i18n/locale-provider";
import { differencesOf } from "../parameters-key";
import { rowsOf } from "../sweep-rows";
import { asRecipe, type ToldRecipe, type ToldSpec, textOf } from "./sweep-form";

const MAX_VALUES = 12;

const valuesOf = (values: unknown[]): string =>
  values.length > MAX_VALUES
    ? `${values.slice(0, MAX_VALUES).map(textOf).join(", ")}, … (${values.length})`
    : values.map(textOf).join(", ");

const useSpecWords = () => {
  const { t } = useLanguage();
  /** As text, so that a seed or a bound keeps its digits. */
  return (spec: ToldSpec): string => {
    switch (spec.kind) {
      case "fixed":
        return textOf(spec.value);
      case "list":
        return valuesOf(spec.values);
      case "choice":
        return t("sweep.words.choice", { values: valuesOf(spec.values) });
      case "range":
        return spec.step === undefined
          ? t("sweep.words.evenly", { from: String(spec.from), to: String(spec.to), count: spec.count ?? 1 })
          : t("sweep.words.step", { from: String(spec.from), to: String(spec.to), step: String(spec.step) });
      case "logRange":
        return t("sweep.words.log", { from: String(spec.from), to: String(spec.to), count: spec.count });
      case "uniform":
        return t("sweep.words.uniform", { min: String(spec.min), max: String(spec.max) });
      case "logUniform":
        return t("sweep.words.logUniform", { min: String(spec.min), max: String(spec.max) });
      case "int":
        return t("sweep.words.int", { min: String(spec.min), max: String(spec.max) });
    }
  };
};

const ORDERS = {
  given: "sweep.order.given",
  shuffled: "sweep.order.shuffled",
  cornersFirst: "sweep.order.corners",
} as const;

/** How many changed rows are told one by one. */
const MAX_CHANGED = 10;

/** What was done by hand to the rows before they were made. */
const ByHand = ({ recipe, edits }: { recipe: ToldRecipe; edits: NonNullable<ToldRecipe["edits"]> }) => {
  const { t, format } = useLanguage();
  const made = useMemo(() => rowsOf(asRecipe(recipe)), [recipe]);
  const { changed, removed } = edits;
  const counts = [
    changed.length > 0 ? t("sweep.byHand.changed", { count: changed.length }) : null,
    removed.length > 0 ? t("sweep.byHand.removed", { count: removed.length }) : null,
  ].filter((part) => part !== null);
  const text = (value: unknown) => (value === undefined ? "–" : textOf(value));
  return (
    <div className="border-t border-line pt-2">
      <p>
        {t("sweep.byHand")}: {counts.join(" · ")}
      </p>
      <ul className="mt-1 space-y-1 text-xs text-ink-2">
        {changed.slice(0, MAX_CHANGED).map(({ row, parameters }) => (
          <li key={row} className="wrap-anywhere">
            {t("sweep.byHand.row", {
              row: format.number(row + 1),
              changes: differencesOf(made[row] ?? {}, parameters)
                .map(({ name, before, after }) => `${name} ${text(before)} → ${text(after)}`)
                .join(", "),
            })}
          </li>
        ))}
        {changed.length > MAX_CHANGED && <li>…</li>}
      </ul>
    </div>
  );
};

export const RecipeWords = ({ recipe }: { recipe: ToldRecipe }) => {
  const { t } = useLanguage();
  const words = useSpecWords();
  const how = [
    recipe.method === "random" ? t("sweep.words.random", { count: recipe.count ?? 0 }) : t("sweep.words.grid"),
    t(ORDERS[recipe.order]),
    t("sweep.words.seed", { seed: String(recipe.seed) }),
  ];
  return (
    <div className="space-y-2 px-4 py-3 text-sm">
      <p className="text-ink-2">{how.join(" · ")}</p>
      <dl className="grid grid-cols-[auto_minmax(0,1fr)] gap-x-4 gap-y-1">
        {Object.entries(recipe.parameters).map(([name, spec]) => (
          <div key={name} className="contents">
            <dt className="max-w-40 truncate text-ink-2" title={name}>
              {name}
            </dt>
            <dd className="wrap-anywhere">{words(spec)}</dd>
          </div>
        ))}
      </dl>
      {recipe.edits && <ByHand recipe={recipe} edits={recipe.edits} />}
    </div>
  );
};
