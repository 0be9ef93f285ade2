// The body of a request: read up to its limit, parsed, and free of what cannot be stored.
import { isUtf8 } from "node:buffer";
import type { IncomingMessage } from "node:http";
import { badField, DomainError } from "../platform/errors";
import { findUnsafe, isJsonObject, type JsonObject } from "../platform/json-safety";
import { MIB } from "../platform/route";

/** The client went away while it was sending: nobody is left to answer. */
export class RequestAborted extends Error {}

/**
 * A client that sends too much sees the answer only once its body is gone, and its connection can then be used again.
 * What comes after this many further bytes is not worth that.
 */
const DRAIN_AT_MOST = 64 * MIB;

const tooLarge = (limit: number) =>
  new DomainError("PAYLOAD_TOO_LARGE", "payloadTooLarge", { params: { limit: `${limit / MIB} MiB` } });

const drain = (request: IncomingMessage): void => {
  let drained = 0;
  request.on("data", (chunk: Buffer) => {
    drained += chunk.length;
    if (drained > DRAIN_AT_MOST) request.destroy();
  });
  request.resume();
};

/** @throws PAYLOAD_TOO_LARGE as soon as `limit` bytes are passed, or announced to be */
export const readBody = (request: IncomingMessage, limit: number): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    const refuse = () => {
      request.off("data", onData);
      drain(request);
      reject(tooLarge(limit));
    };
    const onData = (chunk: Buffer) => {
      size += chunk.length;
      if (size > limit) refuse();
      else chunks.push(chunk);
    };
    request.on("error", () => reject(new RequestAborted("The client went away.")));
    if (Number(request.headers["content-length"] ?? 0) > limit) return refuse();
    request.on("data", onData);
    request.on("end", () => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)));
  });

/** Strings, and the literals that Python and JavaScript write for numbers that are not finite. */
const STRING_OR_NOT_FINITE = /"(?:[^"\\]|\\.)*"|-?\b(?:NaN|Infinity)\b/g;

/** Reads NaN and Infinity as numbers that are not finite, so that the refusal can name their path. */
const parseLeniently = (text: string): unknown =>
  JSON.parse(text.replace(STRING_OR_NOT_FINITE, (token) => (token.startsWith('"') ? token : "1e999")));

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    try {
      if (/NaN|Infinity/.test(text)) return parseLeniently(text);
    } catch (again) {
      if (!(again instanceof SyntaxError)) throw again;
    }
    throw badField("", "notJson", { reason: error.message });
  }
};

/**
 * The body as a JSON object; `{}` when it is empty.
 * @throws INVALID_REQUEST for what is no JSON object; a refusal that names the path of a value that cannot be stored
 */
export const parseBody = (bytes: Buffer): JsonObject => {
  if (bytes.length === 0) return {};
  if (!isUtf8(bytes)) throw badField("", "notUtf8");
  const text = bytes.toString("utf8").replace(/^\uFEFF/, "");
  if (text.trim() === "") return {};
  const value = parseJson(text);
  const unsafe = findUnsafe(value, text);
  if (unsafe) throw unsafe;
  if (!isJsonObject(value)) throw badField("", "jsonObject");
  return value;
};
