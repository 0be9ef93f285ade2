// The machine routes over real HTTP on a free port, without Next.
import { type AddressInfo, connect } from "node:net";
import { afterAll, beforeAll } from "vitest";
import { makeHttpServer, type Pages } from "../api/http";
import type { ErrorDetail } from "../platform/errors";
import type { JsonObject } from "../platform/json-safety";
import { closeLiveHub } from "../platform/live-hub";

export type HttpAnswer = {
  status: number;
  headers: Headers;
  /** the body as sent */
  text: string;
  /** `{}` when it is no JSON */
  json: JsonObject;
};

export type RequestOptions = {
  key?: string;
  body?: unknown;
  text?: string | Buffer<ArrayBuffer>;
  headers?: Record<string, string>;
};

/** Call once at the top of a test file, after useTestServices. @param pages what serves them, if the test is about that */
export const useHttpServer = (pages: Pages | null = null) => {
  const http = makeHttpServer(pages);
  const site = { url: "" };
  beforeAll(async () => {
    await new Promise<void>((resolve) => http.server.listen(0, "127.0.0.1", resolve));
    site.url = `http://127.0.0.1:${(http.server.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    await http.close(1000);
    closeLiveHub();
  });

  const call = async (method: string, path: string, options: RequestOptions = {}): Promise<HttpAnswer> => {
    const response = await fetch(`${site.url}${path}`, {
      method,
      redirect: "manual",
      headers: {
        ...(options.key !== undefined && { Authorization: `Bearer ${options.key}` }),
        ...(options.body !== undefined && { "Content-Type": "application/json" }),
        ...options.headers,
      },
      body: options.text ?? (options.body === undefined ? null : JSON.stringify(options.body)),
    });
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.startsWith("application/json") && text !== "";
    return {
      status: response.status,
      headers: response.headers,
      text,
      json: isJson ? (JSON.parse(text) as JsonObject) : {},
    };
  };
  /** Reads a stream of server-sent events until it ends or `until` is content. */
  const readEvents = async (
    path: string,
    options: { headers: Record<string, string>; until?: (events: SseEvent[]) => boolean; onOpen?: () => void },
  ): Promise<SseEvent[]> => {
    const response = await fetch(`${site.url}${path}`, { headers: options.headers });
    if (!response.body || !response.headers.get("content-type")?.startsWith("text/event-stream"))
      throw new Error(`No stream: ${response.status} ${await response.text()}`);
    options.onOpen?.();
    const events: SseEvent[] = [];
    const decoder = new TextDecoder();
    let rest = "";
    for await (const chunk of response.body) {
      rest += decoder.decode(chunk, { stream: true });
      const blocks = rest.split("\n\n");
      rest = blocks.pop() ?? "";
      for (const block of blocks) events.push(...eventIn(block));
      if (options.until?.(events)) break;
    }
    return events;
  };
  /** What the server writes back to these bytes, until it closes, `until` is content, or `ms` pass. */
  const rawExchange = (
    bytes: string,
    options: { ms?: number; until?: (text: string) => boolean } = {},
  ): Promise<string> =>
    new Promise((resolve) => {
      let text = "";
      const socket = connect(Number(new URL(site.url).port), "127.0.0.1", () => socket.write(bytes));
      const done = () => {
        socket.destroy();
        resolve(text);
      };
      socket.setTimeout(options.ms ?? 2000, done);
      socket.on("data", (chunk) => {
        text += chunk;
        if (options.until?.(text)) done();
      });
      socket.on("close", done);
      socket.on("error", done);
    });
  return { site, call, readEvents, rawExchange };
};

/** `event` is `message` when the block names none, as in a browser. */
export type SseEvent = { id: string | undefined; event: string; data: unknown };

const eventIn = (block: string): SseEvent[] => {
  const field = (name: string) => new RegExp(`^${name}: ?(.*)$`, "m").exec(block)?.[1];
  const data = field("data");
  if (data === undefined) return [];
  return [
    { id: field("id"), event: field("event") ?? "message", data: data === "" ? null : (JSON.parse(data) as unknown) },
  ];
};

export type Call = ReturnType<typeof useHttpServer>["call"];

/** What a test compares of a refusal. */
export const refusalIn = ({ status, json }: HttpAnswer): { status: number; code: string; paths: string[] } => ({
  status,
  code: String(json.code),
  paths: (json.details as ErrorDetail[]).map((detail) => detail.path),
});
