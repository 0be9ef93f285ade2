"use client";
// A failed request: what happened in a sentence, the request id to look it up by, and another try.
import clsx from "clsx";
import { useLanguage } from "../i18n/locale-provider";
import { Button } from "./button";
import { CopyButton } from "./copy-button";
import { RetryIcon, WarningIcon } from "./icons";
import { type Refusal, refusalOf } from "./refusal";

export const useRefusalSentence = () => {
  const { t } = useLanguage();
  return (refusal: Refusal): string => {
    if (refusal.kind === "offline") return t("error.offline");
    if (refusal.kind === "signed-out") return t("error.signedOut");
    if (refusal.kind === "unavailable") return t("error.unavailable");
    if (refusal.kind === "broken") return t("error.broken");
    return refusal.sentence;
  };
};

export const ErrorState = ({
  error,
  onRetry,
  retrying = false,
  compact = false,
}: {
  error: unknown;
  onRetry?: () => void;
  retrying?: boolean;
  compact?: boolean;
}) => {
  const { t } = useLanguage();
  const refusal = refusalOf(error);
  const sentence = useRefusalSentence()(refusal);
  return (
    <div role="alert" className={clsx("flex flex-col items-center px-6 text-center", compact ? "py-6" : "py-12")}>
      <span className="mb-3 flex size-9 items-center justify-center rounded-lg bg-bad-soft text-bad">
        <WarningIcon />
      </span>
      <p className="max-w-md text-base font-medium">{sentence}</p>
      {refusal.requestId && (
        <p className="mt-2 flex items-center gap-1 text-xs text-ink-2">
          <span>{t("error.requestId")}</span>
          <code className="font-mono">{refusal.requestId}</code>
          <CopyButton text={refusal.requestId} label={t("error.copyRequestId")} />
        </p>
      )}
      {onRetry && (
        <Button className="mt-4" icon={<RetryIcon />} onClick={onRetry} busy={retrying}>
          {t("action.tryAgain")}
        </Button>
      )}
    </div>
  );
};
