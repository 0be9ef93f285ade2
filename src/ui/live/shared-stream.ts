// One stream of live events per browser: over HTTP/1.1 a browser opens six connections per site, and a stream per tab
// would use them up. The tab that gets the lock holds the stream and passes everything on; when it closes, the next one
// in line gets the lock.
import type { Hint } from "../../platform/live-event";
import type { StreamState } from "./connection";

/** `resync`: something may have been missed, so all that is shown is asked for again. */
export type LiveHint = Hint;

type Listener = { onEvents: (events: LiveHint[]) => void; onState: (state: StreamState) => void };
export type OpenStream = (listener: Listener) => () => void;

type Note = { type: "events"; events: LiveHint[] } | { type: "state"; state: StreamState } | { type: "hello" };

/** Times of timers in hidden tabs may be a minute apart, so silence alone means nothing before this. */
const HELLO_ANSWER_MS = 1500;

/**
 * Joins the browser's stream until the returned function is called.
 *
 * Web Locks exist only over https and on localhost; without them, or without BroadcastChannel, this tab has its own stream.
 *
 * @param name one per account, so that a tab of another account never listens in
 */
export const joinSharedStream = (name: string, open: OpenStream, listener: Listener): (() => void) => {
  if (!navigator.locks || typeof BroadcastChannel === "undefined") return open(listener);

  const channel = new BroadcastChannel(name);
  const leaving = new AbortController();
  const post = (note: Note) => channel.postMessage(note);
  let closeStream: (() => void) | undefined;
  let state: StreamState = "connecting";
  const isLeader = () => closeStream !== undefined;

  const silence = setTimeout(() => {
    if (!isLeader()) listener.onState("connecting");
  }, HELLO_ANSWER_MS);

  channel.onmessage = (message: MessageEvent<Note>) => {
    const note = message.data;
    if (note.type === "hello") {
      if (isLeader()) post({ type: "state", state });
      return;
    }
    if (isLeader()) return;
    clearTimeout(silence);
    if (note.type === "events") listener.onEvents(note.events);
    else listener.onState(note.state);
  };
  post({ type: "hello" });

  const lead = () =>
    new Promise<void>((release) => {
      // The lock may come just as the tab leaves.
      if (leaving.signal.aborted) return release();
      const stop = open({
        onEvents: (events) => {
          post({ type: "events", events });
          listener.onEvents(events);
        },
        onState: (next) => {
          state = next;
          post({ type: "state", state });
          listener.onState(next);
        },
      });
      closeStream = () => {
        stop();
        release();
      };
    });

  navigator.locks.request(name, { signal: leaving.signal }, lead).catch((error: unknown) => {
    // Leaving while in line for the lock ends the request this way.
    if (!leaving.signal.aborted) throw error;
  });

  return () => {
    clearTimeout(silence);
    leaving.abort();
    if (isLeader()) post({ type: "state", state: "connecting" });
    closeStream?.();
    channel.close();
  };
};
