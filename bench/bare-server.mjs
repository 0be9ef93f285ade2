// The limit of a single POST: node's own HTTP server with nothing but what no such queue can leave out.
// It parses the body, makes the same one INSERT of a row like ours, adds it to one sorted set, and answers 201.
// BARE_PORT, DATABASE_URL, REDIS_URL, REDIS_PREFIX, BARE_USER come by environment; the table `bare_tasks` is made by the bench.
import http from "node:http";
import { Redis } from "ioredis";
import { customAlphabet } from "nanoid";
import postgres from "postgres";

const sql = postgres(process.env.DATABASE_URL, { max: 20 });
const redis = new Redis(process.env.REDIS_URL);
const newId = customAlphabet("0123456789abcdefghijklmnopqrstuvwxyz", 22);
const userId = process.env.BARE_USER;
const key = `${process.env.REDIS_PREFIX}bare`;

const readBody = async (request) => {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return JSON.parse(Buffer.concat(chunks).toString());
};

const create = async ({ name, config, priority, entrypoint, tags }) => {
  const [row] = await sql`
    INSERT INTO bare_tasks (id, user_id, queue, name, config, metadata, tags, priority, place, status, seq, entrypoint, class, queued_at)
    SELECT ${`task_${newId()}`}, ${userId}, 'default', ${name}, ${sql.json(config)}, '{}', ${tags}::text[], ${priority}, (1000000 - ${priority}::int8) * 4294967296 + turn, 'queued', turn,
      ${entrypoint}, 'g0c0m0', now() FROM nextval('task_turns') AS turn
    RETURNING *`;
  await redis.zadd(key, row.place, row.id);
  return row;
};

const server = http.createServer(async (request, response) => {
  if (request.method !== "POST") return response.end("ok");
  try {
    const text = JSON.stringify({ success: true, ...(await create(await readBody(request))) });
    response
      .writeHead(201, { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(text) })
      .end(text);
  } catch (error) {
    console.error(error);
    response.writeHead(500).end();
  }
});

server.listen(Number(process.env.BARE_PORT), "127.0.0.1");
process.once("SIGTERM", () => process.exit(0));
