// Follows output as server-sent events, for any subject that has a status and lines.
import { badField } from "../platform/errors";
import type { Hint } from "../platform/live-event";
import { listenLive } from "../platform/live-hub";
import type { EventStream } from "../platform/route";
import type { ReadLine } from "./read";

/** A missed hint costs this long at most. */
const LOOK_EVERY_MS = 1000;
const PAGE = 1000;

export type LinesQuery = {
  after?: number | undefined;
  limit: number;
  lines: number | undefined;
  attempt?: number | undefined;
};

export type Followed<Status extends string> = {
  lines: (query: LinesQuery) => Promise<ReadLine[]>;
  status: () => Promise<Status>;
  hasEnded: (status: Status) => boolean;
  isAbout: (hint: Hint) => boolean;
  /** stands in the event `end` */
  subject: Record<string, string>;
};

/** Resolves at the next hint about the subject, after `LOOK_EVERY_MS`, or when the reader is gone. */
const nextChange = (isAbout: (hint: Hint) => boolean, ended: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      stopListening();
      ended.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, LOOK_EVERY_MS);
    const stopListening = listenLive((hints) => {
      if (hints.some((hint) => hint.kind === "resync" || isAbout(hint))) done();
    });
    ended.addEventListener("abort", done);
  });

/**
 * Sends each line once as an event `log` with its number as id, then `end` when the subject has ended and all was sent.
 *
 * The status is read before the lines: what was written before the end is then among them.
 */
export const followLines = async <Status extends string>(
  out: EventStream,
  first: LinesQuery,
  followed: Followed<Status>,
): Promise<void> => {
  let query: LinesQuery = { ...first, limit: PAGE };
  while (!out.ended.aborted) {
    const status = await followed.status();
    const lines = await followed.lines(query);
    for (const line of lines) await out.send({ id: String(line.line), event: "log", data: line });
    const isFull = query.lines === undefined && lines.length === PAGE;
    query = { ...query, lines: undefined, after: lines.at(-1)?.line ?? query.after };
    if (isFull) continue;
    if (followed.hasEnded(status)) {
      await out.send({ event: "end", data: { ...followed.subject, status } });
      return;
    }
    await nextChange(followed.isAbout, out.ended);
  }
};

/** Where a broken stream goes on: behind the last line that the client got. */
export const resumedAfter = <Query extends LinesQuery>(query: Query, lastEventId: string | undefined): Query =>
  lastEventId !== undefined && /^\d{1,15}$/.test(lastEventId)
    ? { ...query, after: Number(lastEventId), lines: undefined }
    : query;

/** `format=text` or `json`. @throws INVALID_REQUEST for anything else */
export const formatOf = (query: URLSearchParams): "json" | "text" => {
  const format = query.get("format") || "json";
  if (format === "json" || format === "text") return format;
  throw badField("format", "oneOf", { values: "json, text" });
};
