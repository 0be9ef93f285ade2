// A stream outlives what its caller may do: its key may be taken back, its sign-in ended, its account switched off.
import type { IncomingHttpHeaders, ServerResponse } from "node:http";
import { authenticate } from "../accounts/authenticate";
import { DomainError } from "../platform/errors";
import { log } from "../platform/log";

/** Whether the caller would be let in now; true while nobody can say, as in an outage. */
const isStillIn = async (headers: IncomingHttpHeaders): Promise<boolean> => {
  try {
    await authenticate(headers);
    return true;
  } catch (error) {
    if (error instanceof DomainError && error.status === 401) return false;
    log.debug(
      { error: error instanceof Error ? error.message : String(error) },
      "the caller of a stream was not checked",
    );
    return true;
  }
};

/**
 * Runs a stream, and breaks it off when its caller would not be let in any more; its client comes back, and is told why.
 * @param everyMs how often to look
 */
export const whileStillIn = async (
  headers: IncomingHttpHeaders,
  response: ServerResponse,
  everyMs: number,
  stream: () => Promise<void>,
): Promise<void> => {
  const timer = setInterval(async () => {
    if (!(await isStillIn(headers))) response.destroy();
  }, everyMs);
  try {
    await stream();
  } finally {
    clearInterval(timer);
  }
};
