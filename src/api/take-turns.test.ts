import { createServer } from "node:http";
import { type AddressInfo, connect } from "node:net";
import { expect, onTestFinished, test, vi } from "vitest";
import { inTurn } from "./take-turns";

const MANY = 300;

const serve = async (answerMs: number) => {
  const seen = { begun: 0, atWork: 0, most: 0, closed: 0 };
  const server = createServer((request, response) => {
    response.once("close", () => seen.closed++);
    inTurn(request.socket, response, () => {
      seen.begun++;
      seen.most = Math.max(seen.most, ++seen.atWork);
      setTimeout(() => {
        seen.atWork--;
        response.end(request.url);
      }, answerMs);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => void server.close());
  const requests = Array.from({ length: MANY }, (_, n) => `GET /${n} HTTP/1.1\r\nHost: x\r\n\r\n`).join("");
  const socket = connect((server.address() as AddressInfo).port, "127.0.0.1", () => socket.write(requests));
  let text = "";
  socket.on("data", (chunk) => (text += chunk));
  return { seen, socket, text: () => text };
};

test("requests in one piece are worked on eight at a time, and all of them answered in order", async () => {
  const { seen, socket, text } = await serve(1);
  await vi.waitFor(() => expect(seen.closed).toBe(MANY), { timeout: 10_000 });
  await vi.waitFor(() => expect([...text().matchAll(/\r\n\r\n\/(\d+)/g)].map(([, n]) => Number(n))).toHaveLength(MANY));
  expect([...text().matchAll(/\r\n\r\n\/(\d+)/g)].map(([, n]) => Number(n))).toEqual(
    Array.from({ length: MANY }, (_, n) => n),
  );
  expect(seen).toEqual({ begun: MANY, atWork: 0, most: 8, closed: MANY });
  socket.destroy();
});

test("of a connection that closes nothing more is begun, and every response is told", async () => {
  const { seen, socket } = await serve(100);
  await vi.waitFor(() => expect(seen.begun).toBe(8));
  socket.destroy();
  await vi.waitFor(() => expect(seen.closed).toBe(MANY));
  expect(seen.begun).toBe(8);
});
