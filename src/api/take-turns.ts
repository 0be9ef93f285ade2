// Requests that come in one piece on one connection (HTTP pipelining) are worked on a few at a time: their answers go out in order
// anyway, and thousands of them at once would be in everybody else's way.
import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";

const MAX_AT_WORK = 8;

type Line = { atWork: number; waiting: (() => void)[]; open: Set<ServerResponse> };
const lines = new WeakMap<Socket, Line>();

const newLine = (socket: Socket): Line => {
  const line: Line = { atWork: 0, waiting: [], open: new Set() };
  lines.set(socket, line);
  // Node tells only the response whose turn it is that its connection closed; whoever waits for the others would wait for ever.
  socket.once("close", () => {
    line.waiting = [];
    for (const response of line.open) response.emit("close");
  });
  return line;
};

/** Runs `work` when it is its connection's turn; the turn ends with the response. Without pipelining that is at once. */
export const inTurn = (socket: Socket, response: ServerResponse, work: () => void): void => {
  const line = lines.get(socket) ?? newLine(socket);
  line.open.add(response);
  response.once("close", () => {
    line.open.delete(response);
    const next = socket.destroyed ? undefined : line.waiting.shift();
    if (next) next();
    else line.atWork--;
  });
  if (line.atWork < MAX_AT_WORK) {
    line.atWork++;
    work();
  } else line.waiting.push(work);
};
