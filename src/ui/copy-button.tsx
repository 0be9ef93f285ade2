"use client";
import clsx from "clsx";
import { useEffect, useState } from "react";
import { toast } from "sonner";
import { useLanguage } from "../i18n/locale-provider";
import { Button, IconButton } from "./button";
import { copyText } from "./copy-text";
import { CheckIcon, CopyIcon } from "./icons";

const SHOWN_FOR_MS = 1600;

const useCopied = (text: string) => {
  const { t } = useLanguage();
  const [copiedAt, setCopiedAt] = useState(0);
  useEffect(() => {
    if (copiedAt === 0) return;
    const timer = setTimeout(() => setCopiedAt(0), SHOWN_FOR_MS);
    return () => clearTimeout(timer);
  }, [copiedAt]);
  const copy = async () => {
    if (await copyText(text)) setCopiedAt(Date.now());
    else toast.error(t("copy.failed"));
  };
  return { copied: copiedAt !== 0, copy };
};

/** @param label what is copied, such as "Copy the request id" */
export const CopyButton = ({ text, label, className }: { text: string; label: string; className?: string }) => {
  const { t } = useLanguage();
  const { copied, copy } = useCopied(text);
  return (
    <IconButton
      label={copied ? t("copy.done") : label}
      size="sm"
      onClick={copy}
      className={clsx(copied && "text-ok", className)}
    >
      {copied ? <CheckIcon /> : <CopyIcon />}
    </IconButton>
  );
};

export const CopyTextButton = ({ text, children }: { text: string; children: string }) => {
  const { t } = useLanguage();
  const { copied, copy } = useCopied(text);
  return (
    <Button size="sm" onClick={copy} icon={copied ? <CheckIcon className="text-ok" /> : <CopyIcon />}>
      {copied ? t("copy.done") : children}
    </Button>
  );
};
