"use client";
import { useLanguage } from "../i18n/locale-provider";
import { LinkButton } from "../ui/button";
import { MessagePage } from "./message-page";
import { PageTitle } from "./page-title";

const NotFound = () => {
  const { t } = useLanguage();
  return (
    <>
      <PageTitle title="title.notFound" />
      <MessagePage title={t("notFound.title")} action={<LinkButton href="/tasks">{t("action.allTasks")}</LinkButton>}>
        {t("notFound.note")}
      </MessagePage>
    </>
  );
};

export default NotFound;
