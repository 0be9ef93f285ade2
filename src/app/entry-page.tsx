"use client";
// A page for those who are not signed in: one form, and the choice of language.
import type { ReactNode } from "react";
import { Logo } from "../ui/logo";
import { LanguageMenu } from "../ui/shell/language-menu";

export const EntryPage = ({ title, intro, children }: { title: string; intro: string; children: ReactNode }) => (
  <div className="flex min-h-dvh flex-col">
    <div className="flex justify-end p-3">
      <LanguageMenu />
    </div>
    <main className="mx-auto flex w-full max-w-sm flex-1 flex-col justify-center px-6 pb-[20vh]">
      <Logo />
      <h1 className="mt-8 text-xl font-semibold tracking-tight">{title}</h1>
      <p className="mt-1 text-sm text-ink-2">{intro}</p>
      {children}
    </main>
  </div>
);
