"use client";
// What all pages behind the sign-in share: the server, live updates, header, notices.
import { useQuery } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { useRunRefresh } from "../../runs/ui/refresh";
import { useTaskRefresh } from "../../tasks/ui/refresh";
import { Announcer } from "../../ui/announcer";
import { LiveProvider, type Refresh } from "../../ui/live/live-provider";
import { MayChangeProvider } from "../../ui/may-change";
import { AppHeader } from "../../ui/shell/app-header";
import { Toaster } from "../../ui/toaster";
import { TooltipProvider } from "../../ui/tooltip";
import { type Outputs, ServerProvider, useTRPC } from "../../ui/trpc";

type Props = { me: Outputs["accounts"]["me"]; children: ReactNode };

/** A role that was changed shows without a reload. */
const ASK_MS = 60_000;

const LivePages = ({ me: atStart, children }: Props) => {
  const { data: me } = useQuery(
    useTRPC().accounts.me.queryOptions(undefined, { initialData: atStart, refetchInterval: ASK_MS }),
  );
  const refreshTasks = useTaskRefresh();
  const refreshRuns = useRunRefresh();
  const refresh = (what: Refresh) => {
    refreshTasks(what);
    refreshRuns(what);
  };
  return (
    <LiveProvider userId={me.userId} onRefresh={refresh}>
      <MayChangeProvider may={me.role !== "viewer"}>
        <AppHeader email={me.email} role={me.role} />
        <main id="main" tabIndex={-1} className="mx-auto max-w-7xl px-4 py-6 outline-none sm:px-6">
          {children}
        </main>
      </MayChangeProvider>
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
