// Many clients over bare sockets: as many requests as are wanted whatever the server answers, and clients that are slow on purpose.
import { connect, type Socket } from "node:net";

export type Answers = {
  /** how often each status came */
  statuses: Record<number, number>;
  /** connections that the server closed before it answered */
  resets: number;
  /** requests for which no connection was free */
  unsent: number;
  /** of each answer, in milliseconds */
  latencies: number[];
};

export const requestBytes = (method: string, path: string, key: string, body?: unknown): Buffer => {
  const text = body === undefined ? "" : JSON.stringify(body);
  const length = text === "" ? "" : `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(text)}\r\n`;
  return Buffer.from(`${method} ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${key}\r\n${length}\r\n${text}`);
};

/** The p-th part of the numbers lies below it. */
export const quantile = (numbers: number[], p: number): number => {
  const sorted = [...numbers].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))] ?? 0;
};

type Line = { socket: Socket; sentAt: number; isBusy: boolean };

/** The status in a whole answer; null while some of it is missing. */
const statusIn = (answer: string): number | null => {
  const headEnd = answer.indexOf("\r\n\r\n");
  if (headEnd < 0) return null;
  const length = Number(/^content-length: (\d+)/im.exec(answer)?.[1] ?? 0);
  return answer.length >= headEnd + 4 + length ? Number(answer.slice(9, 12)) : null;
};

const pool = (port: number, bytes: Buffer) => {
  const answers: Answers = { statuses: {}, resets: 0, unsent: 0, latencies: [] };
  const lines = new Set<Line>();
  const free: Line[] = [];
  let onAnswer = (_: Line) => {};

  const open = (): Line => {
    const line: Line = { socket: connect(port, "127.0.0.1"), sentAt: 0, isBusy: false };
    let answer = "";
    lines.add(line);
    line.socket.setNoDelay(true);
    line.socket.on("data", (chunk) => {
      answer += chunk.toString("latin1");
      const status = statusIn(answer);
      if (status === null) return;
      answer = "";
      line.isBusy = false;
      answers.statuses[status] = (answers.statuses[status] ?? 0) + 1;
      answers.latencies.push(performance.now() - line.sentAt);
      onAnswer(line);
    });
    line.socket.on("error", () => line.socket.destroy());
    line.socket.on("close", () => {
      lines.delete(line);
      if (line.isBusy) answers.resets++;
    });
    return line;
  };
  const send = (line: Line): void => {
    line.isBusy = true;
    line.sentAt = performance.now();
    line.socket.write(bytes);
  };
  const settle = async (): Promise<Answers> => {
    const until = performance.now() + 15_000;
    while ([...lines].some((line) => line.isBusy) && performance.now() < until)
      await new Promise((done) => setTimeout(done, 20));
    answers.resets += [...lines].filter((line) => line.isBusy).length;
    for (const line of lines) line.isBusy = false;
    for (const { socket } of lines) socket.destroy();
    return answers;
  };
  return { answers, lines, free, open, send, settle, whenAnswered: (then: typeof onAnswer) => (onAnswer = then) };
};

/** Each of some connections sends again once it is answered. */
export const sendInTurn = async (
  port: number,
  bytes: Buffer,
  { connections, seconds }: { connections: number; seconds: number },
): Promise<Answers> => {
  const { open, send, settle, whenAnswered } = pool(port, bytes);
  const until = performance.now() + seconds * 1000;
  whenAnswered((line) => {
    if (performance.now() < until) send(line);
  });
  for (let n = 0; n < connections; n++) send(open());
  await new Promise((done) => setTimeout(done, seconds * 1000));
  return settle();
};

/** So many requests a second, whether they are answered or not, over as many connections as that takes. */
export const sendAtRate = async (
  port: number,
  bytes: Buffer,
  { perSecond, seconds, connections }: { perSecond: number; seconds: number; connections: number },
): Promise<Answers> => {
  const { answers, lines, free, open, send, settle, whenAnswered } = pool(port, bytes);
  whenAnswered((line) => free.push(line));
  const startedAt = performance.now();
  for (let sent = 0; performance.now() - startedAt < seconds * 1000; ) {
    const due = Math.floor(((performance.now() - startedAt) * perSecond) / 1000);
    for (; sent < due; sent++) {
      const line = free.pop() ?? (lines.size < connections ? open() : null);
      if (line) send(line);
      else answers.unsent++;
    }
    await new Promise((done) => setTimeout(done, 5));
  }
  return settle();
};

export type SlowClients = {
  /** how many the server has not cut */
  open: () => number;
  stop: () => void;
};

/** Clients that send a header, or a byte of a body, a second, and some that are answered once and then keep their connection. */
export const openSlowClients = async (
  port: number,
  key: string,
  count: { heads: number; bodies: number; idle: number },
): Promise<SlowClients> => {
  const open = new Set<Socket>();
  const start = (first: string, next: string): Promise<void> =>
    new Promise((resolve) => {
      let timer: NodeJS.Timeout | undefined;
      const socket = connect(port, "127.0.0.1", () => {
        socket.write(first);
        if (next !== "") timer = setInterval(() => socket.write(next), 1000);
        resolve();
      });
      open.add(socket);
      socket.on("data", () => {});
      socket.on("error", () => socket.destroy());
      socket.on("close", () => {
        clearInterval(timer);
        open.delete(socket);
        resolve();
      });
    });
  const auth = `Host: x\r\nAuthorization: Bearer ${key}\r\n`;
  const kinds: [number, string, string][] = [
    [count.heads, `GET /v1/tasks HTTP/1.1\r\n${auth}`, "X-Slow: 1\r\n"],
    [count.bodies, `POST /v1/tasks HTTP/1.1\r\n${auth}Content-Length: 100000\r\n\r\n{`, " "],
    [count.idle, `GET /health HTTP/1.1\r\n${auth}\r\n`, ""],
  ];
  for (const [n, first, next] of kinds)
    for (let opened = 0; opened < n; opened += 100)
      await Promise.all(Array.from({ length: Math.min(100, n - opened) }, () => start(first, next)));
  return {
    open: () => open.size,
    stop: () => {
      for (const socket of open) socket.destroy();
    },
  };
};
