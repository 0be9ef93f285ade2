"use client";
// A page that says one thing: not found, or broken.
import type { ReactNode } from "react";
import { Logo } from "../ui/logo";

export const MessagePage = ({ title, children, action }: { title: string; children: ReactNode; action: ReactNode }) => (
  <main className="mx-auto flex min-h-dvh w-full max-w-md flex-col justify-center px-6 pb-[20vh]">
    <Logo />
    <h1 className="mt-8 text-xl font-semibold tracking-tight">{title}</h1>
    <div className="mt-2 text-base text-ink-2">{children}</div>
    <div className="mt-6 flex gap-2">{action}</div>
  </main>
);
