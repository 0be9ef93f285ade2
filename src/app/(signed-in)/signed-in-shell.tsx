"use client";
// What all pages behind the sign-in share: the server, live updates, header, notices.
import type { ReactNode } from "react";
import { useRunRefresh } from "../../runs/ui/refresh";
import { useTaskRefresh } from "../../tasks/ui/refresh";
import { Announcer } from "../../ui/announcer";
import { LiveProvider, type Refresh } from "../../ui/live/live-provider";
import { AppHeader } from "../../ui/shell/app-header";
import { Toaster } from "../../ui/toaster";
import { TooltipProvider } from "../../ui/tooltip";
import { ServerProvider } from "../../ui/trpc";

type Props = { userId: string; email: string; children: ReactNode };

const LivePages = ({ userId, email, children }: Props) => {
  const refreshTasks = useTaskRefresh();
  const refreshRuns = useRunRefresh();
  const refresh = (what: Refresh) => {
    refreshTasks(what);
    refreshRuns(what);
  };
  return (
    <LiveProvider userId={userId} onRefresh={refresh}>
      <AppHeader email={email} />
      <main id="main" tabIndex={-1} className="mx-auto max-w-7xl px-4 py-6 outline-none sm:px-6">
        {children}
      </main>
    </LiveProvider>
  );
};

export const SignedInShell = (props: Props) => (
  <ServerProvider>
    <TooltipProvider>
      <Announcer>
        <LivePages {...props} />
        <Toaster />
      </Announcer>
    </TooltipProvider>
  </ServerProvider>
);
