// Redis (or Valkey) of our own. It keeps nothing on disk: the queue is rebuilt from PostgreSQL.
import { mkdirSync, writeFileSync } from "node:fs";
import net from "node:net";
import path from "node:path";
import { launch, tailOf } from "./command.mjs";
import { freePort } from "./ports.mjs";
import { end, findByFolder, isAlive, sleep } from "./processes.mjs";
import { Trouble } from "./project.mjs";
import { findRedis } from "./redis-binary.mjs";

/** Servers that work in a data directory's folder, whoever started them. (Debian's redis-server is a link to redis-check-rdb.) */
export const findRedisIn = (dataDir) =>
  findByFolder(path.join(dataDir, "redis"), ["redis-server", "valkey-server", "redis-check-rdb", "valkey-check-rdb"]);

/** True when a Redis answers on this port with this password. The password is hexadecimal, so it needs no quoting. */
export const answers = (port, password, ms = 500) =>
  new Promise((done) => {
    const socket = net.connect({ host: "127.0.0.1", port });
    let text = "";
    const finish = (value) => {
      socket.destroy();
      done(value);
    };
    socket.setTimeout(ms, () => finish(false));
    socket.once("error", () => finish(false));
    socket.once("connect", () => socket.write(`AUTH ${password}\r\nPING\r\n`));
    socket.on("data", (chunk) => {
      text += chunk;
      if (text.includes("+PONG")) finish(true);
      else if (text.startsWith("-")) finish(false);
    });
  });

const quoted = (text) => `"${text.replace(/["\\]/g, "\\$&")}"`;

/** In a file, since a password on the command line can be read by every user of the machine. */
const writeConfig = (folder, port, password) => {
  const file = path.join(folder, "redis.conf");
  const lines = [
    "bind 127.0.0.1",
    `port ${port}`,
    `requirepass ${password}`,
    `dir ${quoted(folder)}`,
    "daemonize no",
    "appendonly no",
    'save ""',
    "maxmemory-policy noeviction",
    "always-show-logo no",
  ];
  writeFileSync(file, `${lines.join("\n")}\n`, { mode: 0o600 });
  return file;
};

const urlOf = (port, password) => `redis://:${password}@127.0.0.1:${port}/0`;

/**
 * Brings up Redis with its folder DATA_DIR/redis, or takes over the one that runs there.
 *
 * @param {{dataDir: string, password: string, port?: number, known?: {pid: number, startTime: string}}} options
 *   port: used if it is free; known: the server that an earlier start wrote down, on that port
 * @returns {Promise<{pid: number, startTime: string, exited?: Promise<string>, port: number, url: string, how: string}>}
 * @throws Trouble
 */
export const startRedis = async ({ dataDir, password, port, known }) => {
  const folder = path.join(dataDir, "redis");
  const log = path.join(dataDir, "logs", "redis.log");
  mkdirSync(folder, { recursive: true });
  if (port && isAlive(known) && (await answers(port, password)))
    return { ...known, port, url: urlOf(port, password), how: "found running" };
  for (const one of [...(isAlive(known) ? [known] : []), ...findRedisIn(dataDir)]) await stopRedis(one);
  const { program, env } = await findRedis(log);
  for (let round = 0; round < 5; round++) {
    const chosen = await freePort(round === 0 ? port : undefined);
    const server = launch(program, [writeConfig(folder, chosen, password)], { cwd: folder, env, log });
    let ended = null;
    server.exited.then((how) => {
      ended = how;
    });
    while (ended === null) {
      if (await answers(chosen, password))
        return { ...server, port: chosen, url: urlOf(chosen, password), how: "started" };
      await sleep(15);
    }
    const tail = tailOf(log, server.offset);
    if (!/Address already in use|bind:/.test(tail)) throw new Trouble(`Redis did not start (${ended}).`, { log, tail });
  }
  throw new Trouble("Redis found no free port in five tries.", { log, tail: tailOf(log) });
};

/** Nothing of it is worth keeping, so it gets little time. */
export const stopRedis = (server) =>
  end(server, [
    ["SIGTERM", 1000],
    ["SIGKILL", 500],
  ]);
