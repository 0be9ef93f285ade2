// One try: one POST, over a connection of its own to an address that was checked.
import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { checkBeforeConnect, guardedLookup, type Resolve } from "./address-guard";

export type Sent = {
  /** null: no answer */
  statusCode: number | null;
  /** the beginning of the answer's body */
  answer: string | null;
  /** why there was no answer, or why it does not count; null when it was delivered */
  error: string | null;
};

/** So much of an answer is kept: enough for a message, not for what a receiver likes to send. */
const ANSWER_BYTES = 4096;

/** The beginning of a body; it ends, or is cut, or the time is over: the status counts either way. */
const readAnswer = async (response: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of response) {
      chunks.push(chunk as Buffer);
      size += (chunk as Buffer).length;
      if (size >= ANSWER_BYTES) break;
    }
  } catch {
    // The body broke off. The status, which decides, was there.
  }
  // NUL is the one character that PostgreSQL does not store.
  return Buffer.concat(chunks).subarray(0, ANSWER_BYTES).toString("utf8").replaceAll("\u0000", "\u2400");
};

const post = (url: URL, body: string, headers: Record<string, string>, signal: AbortSignal, resolve?: Resolve) =>
  new Promise<IncomingMessage>((done, fail) => {
    const request = (url.protocol === "https:" ? httpsRequest : httpRequest)(url, {
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        "Content-Length": Buffer.byteLength(body),
        "User-Agent": "MLQueue-Webhook/1.0",
        ...headers,
      },
      lookup: guardedLookup(resolve),
      // No pool: a kept connection that the receiver has just closed would look like a failure of its.
      agent: false,
      signal,
    });
    request.once("response", done);
    request.on("error", fail);
    request.end(body);
  });

const messageOf = (error: unknown): string => {
  if (error instanceof AggregateError && error.errors.length > 0) return messageOf(error.errors[0]);
  return error instanceof Error ? error.message : String(error);
};

const verdict = (statusCode: number): string | null => {
  if (statusCode >= 200 && statusCode < 300) return null;
  if (statusCode >= 300 && statusCode < 400) return `answered ${statusCode}: redirects are not followed`;
  return statusCode === 410 ? "answered 410: the endpoint was turned off" : `answered ${statusCode}`;
};

/**
 * Sends an event once. Never throws: what went wrong is the outcome.
 *
 * @param timeoutMs from the lookup of the name to the end of the answer; once the status came the time's end only cuts the body
 * @param abort     ends the try, when the worker stops: the caller drops its outcome
 */
export const sendOnce = async (
  event: { url: string; body: string; headers: Record<string, string> },
  timeoutMs: number,
  abort: AbortController,
  resolve?: Resolve,
): Promise<Sent> => {
  let isTooLong = false;
  const timer = setTimeout(() => {
    isTooLong = true;
    abort.abort();
  }, timeoutMs);
  try {
    const url = new URL(event.url);
    checkBeforeConnect(url);
    const response = await post(url, event.body, event.headers, abort.signal, resolve);
    const statusCode = response.statusCode ?? 0;
    const answer = await readAnswer(response);
    response.destroy();
    return { statusCode, answer, error: verdict(statusCode) };
  } catch (error) {
    const message = isTooLong ? `did not answer within ${timeoutMs / 1000} s` : messageOf(error);
    return { statusCode: null, answer: null, error: message };
  } finally {
    clearTimeout(timer);
  }
};
