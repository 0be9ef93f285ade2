// postgres.js 3.4.9 with what it does to a connection that closes at a bad moment put right; the bundles have this copy.
//
// As it is, a statement that comes to a transaction or a reserved connection after that was closed (a lock's COMMIT, say) is written to
// no socket: that throws outside of every promise and ends the process (porsager/postgres issues 1154, 1208), as does a connection
// that closes while it asks for the types of arrays; it takes the connection
// out of the pool for good, or is run in whatever transaction the connection is in by then. What was waiting on a reserved
// connection, or came between a socket's error and its close, is never answered, and what was to be written is put before the next
// connection's first message. A connection that is silently dropped is not noticed: what that takes is shown to platform/half-open.ts.
//
// And it takes the connection that was idle for the longest, so that each statement is parsed and planned on every one of them: a
// worker with little to do spent more on that than on its statements. Here the one that was used last is taken.
import path from "node:path";
import { ROOT } from "./project.mjs";
import { replacingText } from "./replacing-text.mjs";

const CONNECTION = "node_modules/postgres/src/connection.js";
const INDEX = "node_modules/postgres/src/index.js";
const QUEUE = "node_modules/postgres/src/queue.js";
const CLOSED = "Errors.connection('CONNECTION_CLOSED', options, options)";

/** @type {import("./replacing-text.mjs").Replacement[]} */
export const MENDS = [
  // Which life of a connection it is: each close ends one. The rest is what platform/half-open.ts watches.
  {
    file: CONNECTION,
    text: "    count: 0,\n    id\n",
    by: `    count: 0,
    lives: 0,
    get backendPid() { return backend.pid },
    get owes() { return socket !== null && query !== null },
    get heard() { return socket === null ? 0 : socket.bytesRead },
    get unsent() { return socket?._handle?.writeQueueSize ?? 0 },
    get isIdle() { return connection.queue === queues.open },
    drop(e) {
      if (socket === null)
        return
      // Out of reach for statements that come before its close.
      connection.reserved || onend(connection)
      socket.destroy(e)
    },
    id\n`,
  },
  {
    file: INDEX,
    text: "    CLOSE,\n    END: CLOSE,\n",
    by: "    CLOSE,\n    END: CLOSE,\n    connections,\n    queries,\n",
  },
  {
    file: CONNECTION,
    text: "    socket.removeAllListeners()\n    socket = null\n",
    by: "    socket.removeAllListeners()\n    socket = chunk = nextWriteTimer = null\n    connection.lives++\n",
  },
  {
    file: CONNECTION,
    text: "    const x = socket.write(chunk, fn)\n",
    by: `    if (socket === null) {\n      nextWriteTimer !== null && clearImmediate(nextWriteTimer)\n      chunk = nextWriteTimer = null\n      error(${CLOSED})\n      return false\n    }\n    const x = socket.write(chunk, fn)\n`,
  },
  // Between the error of a socket and its close there is a turn in which statements are still taken.
  {
    file: CONNECTION,
    text: "!hadError && (query || sent.length) && error(",
    by: ";(query || sent.length) && error(",
  },
  // Nobody waits for what a new connection asks first: who waits for the connection is told of its end.
  {
    file: CONNECTION,
    text: "        return fetchArrayTypes()\n",
    by: "        return fetchArrayTypes().catch(() => {})\n",
  },
  // A reserved connection and a transaction end with the life that they began in, and what waits in them is refused.
  {
    file: INDEX,
    text: "    move(c, reserved)\n    c.reserved = () => queue.length\n",
    by: `    const life = c.lives\n    c.onclose = e => {\n      while (queue.length)\n        queue.shift().reject(e)\n    }\n    move(c, reserved)\n    c.reserved = () => queue.length\n`,
  },
  {
    file: INDEX,
    text: "      c.reserved = null\n      onopen(c)\n",
    by: "      if (c.lives !== life)\n        return\n      c.reserved = c.onclose = null\n      onopen(c)\n",
  },
  {
    file: INDEX,
    text: "    function handler(q) {\n      c.queue === full\n        ? queue.push(q)\n",
    by: `    function handler(q) {\n      c.lives !== life\n        ? q.reject(${CLOSED})\n        : c.queue === full\n        ? queue.push(q)\n`,
  },
  {
    file: INDEX,
    text: "new Promise((_, reject) => connection.onclose = reject)",
    by: "new Promise((_, reject) => connection.onclose = e => {\n          while (queries.length)\n            queries.shift().reject(e)\n          reject(e)\n        })",
  },
  {
    file: INDEX,
    text: "      const sql = Sql(handler)\n      sql.savepoint = savepoint\n",
    by: "      const life = c.lives\n      const sql = Sql(handler)\n      sql.savepoint = savepoint\n",
  },
  {
    file: INDEX,
    text: "        c.queue === full\n          ? queries.push(q)\n",
    by: `        c.lives !== life\n          ? q.reject(${CLOSED})\n          : c.queue === full\n          ? queries.push(q)\n`,
  },
  // Idle connections: the last one first.
  {
    file: QUEUE,
    text: "    shift: () => {\n",
    by: "    pop: () => {\n      const out = xs.pop()\n      if (index === xs.length) {\n        index = 0\n        xs = []\n      }\n      return out\n    },\n    shift: () => {\n",
  },
  { file: INDEX, text: "      return go(open.shift(), query)\n", by: "      return go(open.pop(), query)\n" },
  { file: INDEX, text: "      ? open.shift()\n", by: "      ? open.pop()\n" },
];

/**
 * An esbuild plugin that bundles the mended copy, where other packages stay outside of the bundle.
 *
 * @param {import("./replacing-text.mjs").Replacement[]} [more] in other files
 * @returns {import("esbuild").Plugin[]}
 */
export const mendedPostgres = (more = []) => [
  {
    name: "mended-postgres",
    setup: (build) => {
      build.onResolve({ filter: /^postgres$/ }, () => ({
        path: path.join(ROOT, "node_modules/postgres/src/index.js"),
      }));
    },
  },
  replacingText([...MENDS, ...more]),
];
