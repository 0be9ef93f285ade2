"use client";
import { useLanguage } from "../../i18n/locale-provider";
import type { Problem } from "./task-form";

/** What is wrong with a field, in words. */
export const useProblemText = () => {
  const { t } = useLanguage();
  return (problem: Problem | undefined): string | undefined => {
    if (problem === undefined) return undefined;
    if (typeof problem === "string") return t(`form.${problem}`);
    if ("text" in problem) return problem.text;
    const { line, column, reason } = problem.json;
    return reason === "empty" ? t("json.empty") : t("json.at", { line, column, problem: t(`json.${reason}`) });
  };
};
