// A web server that is told to stop under load, as the process that people run (MLQUEUE_DIST). No request that was sent whole may
// go without its whole answer; a connection that is not taken is the client's to open elsewhere.
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { beforeAll, expect, test } from "vitest";
import { getSql } from "../platform/db";
import { makeAccount } from "../testing/make";
import { useTestServices } from "../testing/services";
import { useWebProcesses, type WebProcess } from "../testing/web-process";

useTestServices();
const webs = useWebProcesses();

let key: string;
beforeAll(async () => {
  key = (await makeAccount()).key;
});

type Counts = { whole: number; created: number; broken: string[]; refused: number; told: number };

const bodyText = JSON.stringify({ name: "a", config: { lr: 0.1 } });
const requestText = (web: WebProcess) =>
  [
    "POST /v1/tasks HTTP/1.1",
    `Host: 127.0.0.1:${web.port}`,
    `Authorization: Bearer ${key}`,
    "Content-Type: application/json",
    `Content-Length: ${bodyText.length}`,
    "",
    bodyText,
  ].join("\r\n");

/** The answer's status, and whether it says that the connection closes; null: not whole when the connection ended. */
const answerOn = (socket: ReturnType<typeof connect>): Promise<{ status: number; closes: boolean } | null> =>
  new Promise((resolve) => {
    let text = "";
    const done = (answer: { status: number; closes: boolean } | null) => {
      socket.off("data", onData).off("close", onClose);
      resolve(answer);
    };
    const onClose = () => done(null);
    const onData = (bytes: Buffer) => {
      text += bytes.toString("latin1");
      const end = text.indexOf("\r\n\r\n");
      if (end < 0) return;
      const length = Number(/content-length: (\d+)/i.exec(text)?.[1]);
      if (text.length < end + 4 + length) return;
      done({ status: Number(text.slice(9, 12)), closes: /^connection: close\r$/im.test(text.slice(0, end + 2)) });
    };
    socket.on("data", onData).once("close", onClose);
  });

type Habits = { pauseMs: () => number; keepsConnections: boolean };

/** One client with raw sockets: ends when a connection of its is refused. */
const rawClient = async (web: WebProcess, counts: Counts, { pauseMs, keepsConnections }: Habits): Promise<void> => {
  for (;;) {
    const socket = connect({ port: web.port, host: "127.0.0.1", noDelay: true });
    let isGone = false;
    // `close` comes after it.
    socket.on("error", () => {});
    socket.once("close", () => {
      isGone = true;
    });
    const isTaken = await new Promise((resolve) => {
      socket.once("connect", () => resolve(true)).once("close", () => resolve(false));
    });
    if (!isTaken) {
      counts.refused++;
      return;
    }
    for (let sent = 0; ; sent++) {
      await wait(pauseMs());
      // A connection that was closed while it was idle is no request's.
      if (isGone) break;
      socket.write(requestText(web));
      const answer = await answerOn(socket);
      if (answer === null) counts.broken.push(`request ${sent} of a connection`);
      else counts.whole++;
      if (answer?.status === 201) counts.created++;
      if (answer?.closes) counts.told++;
      if (answer === null || answer.closes || !keepsConnections) break;
    }
    socket.destroy();
  }
};

/** One client with fetch, which keeps connections in a pool of its own. */
const fetchClient = async (web: WebProcess, counts: Counts, pauseMs: () => number): Promise<void> => {
  for (;;) {
    await wait(pauseMs());
    try {
      const response = await fetch(`${web.url}/v1/tasks`, {
        method: "POST",
        headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" },
        body: bodyText,
      });
      await response.text();
      counts.whole++;
      if (response.status === 201) counts.created++;
    } catch (error) {
      const { syscall, code } = (error as { cause: { syscall?: string; code?: string } }).cause;
      if (syscall !== "connect") counts.broken.push(`fetch ${syscall} ${code}`);
      else {
        counts.refused++;
        return;
      }
    }
  }
};

test("each request under way gets its whole answer, each client is told that its connection closes, and what was answered is there", async () => {
  for (let round = 0; round < 2; round++) {
    const web = await webs.start();
    const counts: Counts = { whole: 0, created: 0, broken: [], refused: 0, told: 0 };
    const [before] = await getSql()`SELECT count(*)::int AS n FROM tasks`;
    const clients = [
      ...Array.from({ length: 12 }, () => rawClient(web, counts, { pauseMs: () => 0, keepsConnections: true })),
      ...Array.from({ length: 12 }, () => rawClient(web, counts, { pauseMs: () => 0, keepsConnections: false })),
      ...Array.from({ length: 12 }, () =>
        rawClient(web, counts, { pauseMs: () => Math.random() * 60, keepsConnections: true }),
      ),
      ...Array.from({ length: 12 }, () => fetchClient(web, counts, () => Math.random() * 10)),
    ];
    // Idle, and without a word: neither may hold it up.
    const silent = connect(web.port, "127.0.0.1");
    silent.on("error", () => {});
    await expect.poll(() => counts.whole, { timeout: 30_000 }).toBeGreaterThan(60);
    const startedAt = performance.now();
    const exited = once(web.child, "exit");
    web.child.kill("SIGTERM");
    const [code] = await exited;
    const ms = performance.now() - startedAt;
    await Promise.all(clients);
    silent.destroy();
    expect(counts.broken).toEqual([]);
    expect(code).toBe(0);
    expect(counts.refused).toBe(48);
    expect(counts.told).toBeGreaterThan(0);
    expect(ms).toBeLessThan(15_000);
    const [after] = await getSql()`SELECT count(*)::int AS n FROM tasks`;
    expect(after?.n - before?.n).toBe(counts.created);
  }
}, 180_000);
