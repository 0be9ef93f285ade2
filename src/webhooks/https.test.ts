// A receiver behind TLS: its certificate is checked against the name in the address, over a connection to the address that was
// checked. The sender is a process of its own, since node reads NODE_EXTRA_CA_CERTS at its start.
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { resolve } from "node:path";
import type { TLSSocket } from "node:tls";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Sent } from "./send";

const NAME = "hooks.example.org";
/** A CA that nobody knows, and a certificate of its for NAME; both until 2126. The CA's key was thrown away. */
const file = (name: string) => resolve("src/webhooks/test-certificates", name);
let server: Server;
let port = 0;
let received: { body: string; serverName: string | false; host: string | undefined }[] = [];

beforeAll(async () => {
  server = createServer(
    { key: readFileSync(file("own.key")), cert: readFileSync(file("own.pem")) },
    (request, response) => {
      let body = "";
      request.on("data", (chunk) => (body += chunk));
      request.on("end", () => {
        received.push({
          body,
          serverName: (request.socket as TLSSocket & { servername: string | false }).servername,
          host: request.headers.host,
        });
        response.end("ok");
      });
    },
  );
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  port = (server.address() as AddressInfo).port;
});
afterAll(async () => {
  await new Promise((done) => server.close(done));
});

/** Sends one event from a process of its own, for which every name means `address`. */
const sendFrom = async (host: string, env: Record<string, string>, address = "127.0.0.1"): Promise<Sent> => {
  received = [];
  const program = `
    import { sendOnce } from ${JSON.stringify(resolve("src/webhooks/send.ts"))};
    const event = { url: "https://${host}:${port}/hook", body: '{"event":"task.completed"}', headers: {} };
    const found = async () => [{ address: "${address}", family: 4 }];
    console.log(JSON.stringify(await sendOnce(event, 5000, new AbortController(), found)));`;
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--import", "tsx", "--input-type=module", "-e", program],
    {
      env: {
        ...process.env,
        ...{ ENV: "test", DATABASE_URL: "postgres://nobody@127.0.0.1:1/nothing", REDIS_URL: "redis://127.0.0.1:1" },
        ...{ JWT_SECRET: "a-secret-for-tests-only", WEBHOOK_SECRET_KEY: "a-secret-for-tests-only" },
        ...env,
      },
    },
  );
  return JSON.parse(stdout) as Sent;
};

const trusting = () => ({ NODE_EXTRA_CA_CERTS: file("ca.pem"), WEBHOOK_ALLOW_CIDRS: "127.0.0.0/8" });

test("an event is delivered, and the name of the address is the one that TLS asks for", async () => {
  expect(await sendFrom(NAME, trusting())).toEqual({ statusCode: 200, answer: "ok", error: null });
  expect(received).toEqual([{ body: '{"event":"task.completed"}', serverName: NAME, host: `${NAME}:${port}` }]);
});

test("a certificate for another name is refused, wherever the name leads", async () => {
  const sent = await sendFrom("other.example.org", trusting());
  expect(sent).toMatchObject({ statusCode: null, error: expect.stringMatching(/altnames|does not match/) });
  expect(received).toEqual([]);
});

test("a certificate that nobody vouches for is refused", async () => {
  const sent = await sendFrom(NAME, { WEBHOOK_ALLOW_CIDRS: "127.0.0.0/8", NODE_EXTRA_CA_CERTS: "" });
  expect(sent).toMatchObject({ statusCode: null, error: expect.stringMatching(/certificate/) });
  expect(received).toEqual([]);
});

test("without WEBHOOK_ALLOW_CIDRS there is no connection at all", async () => {
  const sent = await sendFrom(NAME, { ...trusting(), WEBHOOK_ALLOW_CIDRS: "" });
  expect(sent).toMatchObject({ statusCode: null, error: expect.stringContaining("not public") });
  expect(received).toEqual([]);
});
