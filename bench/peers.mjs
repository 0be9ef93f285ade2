// Other queue engines, measured on the same services: `node peers.mjs MEASUREMENT JOBS [CONCURRENCY]`, prints one JSON line.
// lib/peers.ts installs them in a folder of its own and runs a copy of this file there. DATABASE_URL, REDIS_URL and
// PEERS_PREFIX come by environment. Each is set up the way its own documentation calls fast.
const [measurement, jobsText, concurrencyText] = process.argv.slice(2);
const jobs = Number(jobsText);
const concurrency = Number(concurrencyText);
const BATCH = 1000;

const config = (n) => ({ model: "resnet50", lr: 0.001 * (n % 17), batch_size: 64, epochs: 100 });
const payload = (n) => ({ name: `lr_${n}`, config: config(n) });
const seconds = (since) => (performance.now() - since) / 1000;
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
const range = (from, to) => Array.from({ length: to - from }, (_, n) => from + n);

const openGraphile = async () => {
  const { Logger, makeWorkerUtils, run } = await import("graphile-worker");
  const logger = new Logger(() => () => {});
  const utils = await makeWorkerUtils({ connectionString: process.env.DATABASE_URL, logger, maxPoolSize: 10 });
  await utils.migrate();
  await utils.withPgClient((client) => client.query("TRUNCATE graphile_worker._private_jobs"));
  const fill = async () => {
    for (let from = 0; from < jobs; from += BATCH)
      await utils.addJobs(
        range(from, Math.min(jobs, from + BATCH)).map((n) => ({
          identifier: "noop",
          payload: payload(n),
          priority: n % 10,
        })),
      );
  };
  const remaining = () =>
    utils.withPgClient(async (client) => {
      const { rows } = await client.query("SELECT count(*)::int AS n FROM graphile_worker._private_jobs");
      return rows[0].n;
    });
  /** With its look-ahead and its batched completions. */
  const start = (handle) =>
    run({
      preset: {
        worker: {
          connectionString: process.env.DATABASE_URL,
          concurrentJobs: concurrency,
          maxPoolSize: 12,
          pollInterval: 2000,
          preparedStatements: true,
          logger,
          localQueue: { size: 500 },
          completeJobBatchDelay: 5,
          failJobBatchDelay: 5,
        },
      },
      taskList: { noop: async () => handle() },
      noHandleSignals: true,
    });
  return { fill, remaining, start, close: () => utils.release() };
};

const openBullmq = async ({ keep = false } = {}) => {
  const { Queue, Worker } = await import("bullmq");
  const { hostname, port, password } = new URL(process.env.REDIS_URL);
  const connection = { host: hostname, port: Number(port), password, maxRetriesPerRequest: null };
  const options = { connection, prefix: process.env.PEERS_PREFIX };
  const queue = new Queue("noop", { ...options, defaultJobOptions: { removeOnComplete: !keep } });
  await queue.obliterate({ force: true });
  const fill = async () => {
    for (let from = 0; from < jobs; from += BATCH)
      await queue.addBulk(
        range(from, Math.min(jobs, from + BATCH)).map((n) => ({
          name: "noop",
          data: payload(n),
          opts: { priority: 1 + (n % 10) },
        })),
      );
  };
  const remaining = async () => {
    const counts = await queue.getJobCounts("wait", "prioritized", "active", "delayed");
    return Object.values(counts).reduce((sum, count) => sum + count, 0);
  };
  const start = async (handle) => {
    const worker = new Worker("noop", async (job) => handle(job.data), { ...options, concurrency });
    await worker.waitUntilReady();
    return { stop: () => worker.close() };
  };
  const close = async () => {
    await queue.obliterate({ force: true });
    await queue.close();
  };
  return { connection, queue, fill, remaining, start, close };
};

/** From the worker's start until its store holds no unfinished job. */
const drain = async ({ fill, remaining, start, close }) => {
  await fill();
  let ended = 0;
  let allEnded;
  const end = new Promise((done) => {
    allEnded = done;
  });
  const startedAt = performance.now();
  const worker = await start(() => {
    if (++ended === jobs) allEnded();
  });
  await end;
  while ((await remaining()) > 0) await sleep(2);
  const perSecond = jobs / seconds(startedAt);
  await worker.stop();
  await close();
  return { perSecond };
};

const bulk = async ({ fill, close }) => {
  const startedAt = performance.now();
  await fill();
  const perSecond = jobs / seconds(startedAt);
  await close();
  return { perSecond };
};

/** With Redis' append-only file, synced each second: without one a drained queue was never on disk at all. */
const bullmqDrain = async () => {
  const bullmq = await openBullmq();
  const { Redis } = await import("ioredis");
  const redis = new Redis(bullmq.connection);
  await redis.config("SET", "appendfsync", "everysec");
  await redis.config("SET", "appendonly", "yes");
  const figure = await drain(bullmq);
  await redis.config("SET", "appendonly", "no");
  return figure;
};

/** With jobs kept and Redis' file synced at each write: what an accepted task has with us. */
const pickup = async () => {
  const { Redis } = await import("ioredis");
  const { connection, queue, start, close } = await openBullmq({ keep: true });
  const redis = new Redis(connection);
  await redis.config("SET", "appendfsync", "always");
  await redis.config("SET", "appendonly", "yes");
  let started = () => {};
  const worker = await start(() => started());
  const took = [];
  for (let n = 0; n < jobs + 5; n++) {
    const start = new Promise((done) => {
      started = () => done(performance.now());
    });
    const addedAt = performance.now();
    await queue.add("noop", payload(n), { priority: 1 + (n % 10) });
    const ms = (await start) - addedAt;
    if (n >= 5) took.push(ms);
    await sleep(5);
  }
  await worker.stop();
  await redis.config("SET", "appendonly", "no");
  await close();
  return { took };
};

const measurements = {
  "graphile-bulk": async () => bulk(await openGraphile()),
  "graphile-drain": async () => drain(await openGraphile()),
  "bullmq-drain": bullmqDrain,
  "bullmq-pickup": pickup,
};

console.log(JSON.stringify(await measurements[measurement]()));
process.exit(0);
