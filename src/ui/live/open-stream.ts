// The subscription itself, opened again whenever it ends.
import type { TRPCClient } from "@trpc/client";
import type { AppRouter } from "../../api/root";
import type { OpenStream } from "./shared-stream";

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 15_000;
/** A connection that does not even answer within this time counts as cut. */
const OPEN_WITHIN_MS = 8000;

export const openStream =
  (client: TRPCClient<AppRouter>): OpenStream =>
  ({ onEvents, onState }) => {
    let pauseMs = FIRST_PAUSE_MS;
    let timer: ReturnType<typeof setTimeout> | undefined;
    let stop = () => {};

    const connect = () => {
      let isCurrent = true;
      const again = () => {
        if (!isCurrent) return;
        stop();
        onState("down");
        timer = setTimeout(connect, pauseMs);
        pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
      };
      timer = setTimeout(again, OPEN_WITHIN_MS);
      const subscription = client.live.events.subscribe(undefined, {
        onStarted: () => {
          if (!isCurrent) return;
          clearTimeout(timer);
          pauseMs = FIRST_PAUSE_MS;
          onState("open");
        },
        onConnectionStateChange: ({ state }) => {
          if (isCurrent && state === "connecting") onState("connecting");
        },
        onData: ({ data }) => onEvents(data),
        onError: again,
        onComplete: again,
      });
      // Unsubscribing completes the subscription, which must not open another one.
      stop = () => {
        isCurrent = false;
        clearTimeout(timer);
        subscription.unsubscribe();
      };
    };

    connect();
    return () => stop();
  };
