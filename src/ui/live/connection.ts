// How the page is told of changes, as one word for the chip in the header.

/** What is known of the stream of live events. */
export type StreamState = "connecting" | "open" | "down";
export type Connection = "connecting" | "live" | "reconnecting" | "polling" | "offline";

/** A stream that is away for longer than this counts as cut: the page asks by itself until it is back. */
export const PATIENCE_MS = 4000;

/**
 * @param wasOpen     whether it ever was open
 * @param downForMs   since when the stream is not open; 0 while it is
 * @param unreachable whether the last request got no answer
 */
export const connectionOf = (
  stream: StreamState,
  wasOpen: boolean,
  downForMs: number,
  unreachable: boolean,
): Connection => {
  if (unreachable) return "offline";
  if (stream === "open") return "live";
  if (downForMs >= PATIENCE_MS) return "polling";
  return wasOpen ? "reconnecting" : "connecting";
};
