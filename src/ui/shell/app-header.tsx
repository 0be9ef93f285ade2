"use client";
import clsx from "clsx";
import Link from "next/link";
import { usePathname } from "next/navigation";
import { useLanguage } from "../../i18n/locale-provider";
import type { PlainKey } from "../../i18n/translate";
import { Logo } from "../logo";
import { AccountMenu, type Reader } from "./account-menu";
import { ConnectionChip } from "./connection-chip";
import { LanguageMenu } from "./language-menu";

/** What has no room on a phone is in the account's menu. */
const PAGES: { href: string; title: PlainKey; below: string[]; isWide?: true }[] = [
  { href: "/tasks", title: "nav.tasks", below: ["/tasks"] },
  { href: "/groups", title: "nav.groups", below: ["/groups", "/units", "/runs", "/sweeps"] },
  { href: "/activity", title: "activity.title", below: ["/activity"], isWide: true },
];

export const AppHeader = (reader: Reader) => {
  const { t } = useLanguage();
  const path = usePathname();
  return (
    <header className="sticky top-0 z-30 border-b border-line bg-canvas">
      <a
        href="#main"
        className="sr-only z-50 rounded-md bg-accent-solid px-3 py-1.5 text-sm text-white focus:not-sr-only focus:absolute focus:top-2 focus:left-2"
      >
        {t("shell.skip")}
      </a>
      <div className="mx-auto flex h-12 max-w-7xl items-center gap-6 px-4 max-sm:gap-2 sm:px-6">
        <Link href="/tasks" className="rounded" aria-label="MLQueue">
          <Logo isShort />
        </Link>
        <nav aria-label={t("shell.pages")} className="flex flex-1 gap-1">
          {PAGES.map((page) => {
            const isHere = page.below.some((one) => path.startsWith(one));
            return (
              <Link
                key={page.href}
                href={page.href}
                aria-current={isHere ? "page" : undefined}
                className={clsx(
                  "rounded-md px-2 py-1 text-sm whitespace-nowrap",
                  page.isWide && "max-sm:hidden",
                  isHere ? "font-medium text-ink" : "text-ink-2 hover:text-ink",
                )}
              >
                {t(page.title)}
              </Link>
            );
          })}
        </nav>
        <div className="flex items-center gap-1">
          <span className="mr-1">
            <ConnectionChip />
          </span>
          <LanguageMenu />
          <AccountMenu {...reader} />
        </div>
      </div>
    </header>
  );
};
