"use client";
import { useEffect } from "react";
import { useLanguage } from "../i18n/locale-provider";
import { Button } from "../ui/button";
import { CopyButton } from "../ui/copy-button";
import { MessagePage } from "./message-page";
import { PageTitle } from "./page-title";

const ErrorPage = ({ error, reset }: { error: Error & { digest?: string }; reset: () => void }) => {
  const { t } = useLanguage();
  useEffect(() => {
    console.error(error);
  }, [error]);
  return (
    <>
      <PageTitle title="title.error" />
      <MessagePage
        title={t("crash.title")}
        action={
          <>
            <Button look="primary" onClick={reset}>
              {t("action.tryAgain")}
            </Button>
            <Button onClick={() => window.location.reload()}>{t("crash.reload")}</Button>
          </>
        }
      >
        {t("crash.note")}
        {error.digest && (
          <p className="mt-3 flex items-center gap-1 text-xs">
            {t("error.requestId")} <code className="font-mono">{error.digest}</code>
            <CopyButton text={error.digest} label={t("error.copyRequestId")} />
          </p>
        )}
      </MessagePage>
    </>
  );
};

export default ErrorPage;
