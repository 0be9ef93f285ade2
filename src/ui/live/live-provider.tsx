"use client";
// Keeps what is shown fresh: hints from the shared stream, or asking again and again while it is cut.
import { useQueryClient } from "@tanstack/react-query";
import { createContext, type ReactNode, useContext, useEffect, useRef, useState } from "react";
import { isOffline } from "../refusal";
import { useTRPCClient } from "../trpc";
import { type Connection, connectionOf, PATIENCE_MS, type StreamState } from "./connection";
import { openStream } from "./open-stream";
import { joinSharedStream, type LiveHint } from "./shared-stream";

/** At most four refreshes a second, however many hints come. A hint that comes alone waits for nothing. */
const APART_MS = 250;
/** While the stream is cut: programs that run are asked after this often, everything after every fifth time. */
const POLL_MS = 2000;
const POLLS_PER_FULL_ONE = 5;
/** A hint may get lost even on an open stream. */
const NET_MS = 60_000;

export type Refresh = { hints: LiveHint[] } | "everything" | "running";

type Status = { connection: Connection /** of the last answer, in ms */; asOf: number };

const StatusContext = createContext<Status>({ connection: "connecting", asOf: 0 });

export const useConnection = (): Status => useContext(StatusContext);

/** Whether the last request reached the server, and when one last did. */
const useReachability = () => {
  const queryClient = useQueryClient();
  const [unreachable, setUnreachable] = useState(false);
  const asOf = useRef(Date.now());
  useEffect(
    () =>
      queryClient.getQueryCache().subscribe((event) => {
        if (event.type !== "updated") return;
        if (event.action.type === "success") {
          asOf.current = Date.now();
          setUnreachable(false);
        } else if (event.action.type === "error" || event.action.type === "failed")
          setUnreachable(isOffline(event.action.error));
      }),
    [queryClient],
  );
  return { unreachable, asOf };
};

/** Calls `onRefresh` while the tab can be seen; what a hidden one misses becomes one refresh of everything. */
const useVisibleRefresh = (onRefresh: (refresh: Refresh) => void) => {
  const latest = useRef(onRefresh);
  const missed = useRef(false);
  useEffect(() => {
    latest.current = onRefresh;
  });
  useEffect(() => {
    const onVisible = () => {
      if (document.hidden || !missed.current) return;
      missed.current = false;
      latest.current("everything");
    };
    document.addEventListener("visibilitychange", onVisible);
    return () => document.removeEventListener("visibilitychange", onVisible);
  }, []);
  return useRef((refresh: Refresh) => {
    if (document.hidden) missed.current = true;
    else latest.current(refresh);
  }).current;
};

export const LiveProvider = ({
  userId,
  onRefresh,
  children,
}: {
  userId: string;
  onRefresh: (refresh: Refresh) => void;
  children: ReactNode;
}) => {
  const client = useTRPCClient();
  const { unreachable, asOf } = useReachability();
  const refresh = useVisibleRefresh(onRefresh);
  const [stream, setStream] = useState<StreamState>("connecting");
  const [wasOpen, setWasOpen] = useState(false);
  const [cut, setCut] = useState(false);

  useEffect(() => {
    let gathered: LiveHint[] = [];
    let timer: ReturnType<typeof setTimeout> | undefined;
    let flushedAt = 0;
    const flush = () => {
      timer = undefined;
      flushedAt = Date.now();
      const hints = gathered;
      gathered = [];
      refresh(hints.some((hint) => hint.kind === "resync") ? "everything" : { hints });
    };
    const leave = joinSharedStream(`mlqueue-live:${userId}`, openStream(client), {
      onEvents: (events) => {
        gathered.push(...events);
        timer ??= setTimeout(flush, Math.max(0, flushedAt + APART_MS - Date.now()));
      },
      onState: setStream,
    });
    return () => {
      clearTimeout(timer);
      leave();
    };
  }, [client, userId, refresh]);

  const isOpen = stream === "open";
  useEffect(() => {
    if (isOpen) {
      setCut(false);
      setWasOpen(true);
      refresh("everything");
      const net = setInterval(() => refresh("everything"), NET_MS);
      return () => clearInterval(net);
    }
    const patience = setTimeout(() => setCut(true), PATIENCE_MS);
    return () => clearTimeout(patience);
  }, [isOpen, refresh]);

  useEffect(() => {
    if (!cut) return;
    let polls = 0;
    const poll = () => refresh(polls++ % POLLS_PER_FULL_ONE === 0 ? "everything" : "running");
    poll();
    const timer = setInterval(poll, POLL_MS);
    return () => clearInterval(timer);
  }, [cut, refresh]);

  const connection = connectionOf(stream, wasOpen, cut ? PATIENCE_MS : 0, unreachable);
  return <StatusContext value={{ connection, asOf: asOf.current }}>{children}</StatusContext>;
};
