"use client";
import { useLanguage } from "../../i18n/locale-provider";
import { Button } from "../../ui/button";
import { ChevronLeftIcon, ChevronRightIcon } from "../../ui/icons";
import { PAGE_SIZE } from "./list-state";

/** @param total exact up to 100,000 while a search is on */
export const Pager = ({
  page,
  shown,
  total,
  onPage,
}: {
  page: number;
  shown: number;
  total: number;
  onPage: (page: number) => void;
}) => {
  const { t } = useLanguage();
  if (total <= PAGE_SIZE && page === 1) return null;
  const from = (page - 1) * PAGE_SIZE + 1;
  return (
    <nav aria-label={t("pager.label")} className="flex items-center justify-between gap-3 text-sm text-ink-2">
      <span className="tabular-nums">
        {shown === 0 ? t("pager.nothing", { total }) : t("pager.range", { from, to: from + shown - 1, total })}
      </span>
      <span className="flex gap-2">
        <Button size="sm" icon={<ChevronLeftIcon />} disabled={page === 1} onClick={() => onPage(page - 1)}>
          {t("pager.previous")}
        </Button>
        <Button size="sm" disabled={from + shown > total} onClick={() => onPage(page + 1)}>
          {t("pager.next")}
          <ChevronRightIcon />
        </Button>
      </span>
    </nav>
  );
};
