// PostgreSQL and Redis for `npm start` and `npm run`: the person's own where they are named, else ours.
import net from "node:net";
import { startPostgres } from "./postgres.mjs";
import { Trouble } from "./project.mjs";
import { startRedis } from "./redis.mjs";

/** DATABASE_URL, or one made of DB_HOST and its kin as src/platform/env.ts makes it; null when neither is set. */
export const givenDatabase = (env) => {
  if (env.DATABASE_URL) return env.DATABASE_URL;
  if (!env.DB_HOST) return null;
  const auth = `${encodeURIComponent(env.DB_USER || "mlqueue")}:${encodeURIComponent(env.DB_PASSWORD || "")}`;
  const ssl = !env.DB_SSLMODE || env.DB_SSLMODE === "disable" ? "" : `?sslmode=${env.DB_SSLMODE}`;
  return `postgres://${auth}@${env.DB_HOST}:${env.DB_PORT || 5432}/${encodeURIComponent(env.DB_NAME || "mlqueue_db")}${ssl}`;
};

/** REDIS_URL, or one made of REDIS_HOST and its kin; null when neither is set. */
export const givenRedis = (env) => {
  if (env.REDIS_URL) return env.REDIS_URL;
  if (!env.REDIS_HOST) return null;
  const auth = env.REDIS_PASSWORD ? `:${encodeURIComponent(env.REDIS_PASSWORD)}@` : "";
  return `redis://${auth}${env.REDIS_HOST}:${env.REDIS_PORT || 6379}/${env.REDIS_DB || 0}`;
};

/** Fails early, with a sentence, when nothing listens at an address that was given. */
const reach = (name, url, defaultPort) => {
  let where;
  try {
    where = new URL(url);
  } catch {
    throw new Trouble(
      `${name} is not a URL: write it as ${name === "DATABASE_URL" ? "postgres://user:password@host:5432/name" : "redis://host:6379"}.`,
    );
  }
  const host = where.hostname.replace(/^\[|\]$/g, "");
  const port = Number(where.port || defaultPort);
  return new Promise((done, fail) => {
    const socket = net.connect({ host, port });
    const trouble = (why) => {
      socket.destroy();
      fail(
        new Trouble(
          `Nothing answers at ${host}:${port} (${why}), which ${name} names: start it there, or leave ${name} unset and MLQueue brings its own.`,
        ),
      );
    };
    socket.setTimeout(5000, () => trouble("timed out"));
    socket.once("error", (error) => trouble(error.code ?? error.message));
    socket.once("connect", () => {
      socket.destroy();
      done(`yours, at ${host}:${port}`);
    });
  });
};

const noteOf = (server) =>
  `${{ made: "new, ", started: "", "found running": "still running, " }[server.how]}port ${server.port}`;

/**
 * A service: `ours` says whether it is ours to run, start() brings it up (again on the same port) and sets `url`.
 *
 * @param {{dataDir: string, password: string, given: string | null, last?: {port?: number, process?: object}}} options
 *   last: what run.json says of the run before
 */
const service = (name, defaultPort, begin, { dataDir, password, given, last = {} }) => {
  const self = {
    ours: given === null,
    url: given,
    port: last.port,
    note: "",
    start: async () => {
      if (!self.ours) {
        self.note = await reach(name, given, defaultPort);
        return null;
      }
      const server = await begin({ dataDir, password, port: self.port, known: last.process });
      self.url = server.url;
      self.port = server.port;
      self.note = noteOf(server);
      return server;
    },
  };
  return self;
};

/** @see service */
export const postgresService = (options) => service("DATABASE_URL", 5432, startPostgres, options);

/** @see service */
export const redisService = (options) => service("REDIS_URL", 6379, startRedis, options);
