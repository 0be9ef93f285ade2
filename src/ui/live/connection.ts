// How the page is told of changes, as one word for the chip in the header.

/** What is known of the stream of live events. */
export type StreamState = "connecting" | "open" | "down";
export type Connection = "live" | "reconnecting" | "polling" | "offline";

/** A stream that is away for longer than this counts as cut: the page asks by itself until it is back. */
export const PATIENCE_MS = 4000;

/**
 * @param downForMs   since when the stream is not open; 0 while it is
 * @param unreachable whether the last request got no answer
 */
export const connectionOf = (stream: StreamState, downForMs: number, unreachable: boolean): Connection => {
  if (unreachable) return "offline";
  if (stream === "open") return "live";
  return downForMs < PATIENCE_MS ? "reconnecting" : "polling";
};
