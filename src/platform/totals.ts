// What all processes count together, for Prometheus: added up in Redis, so that whichever of them is asked tells the same.
// A worker has no port of its own, and of several web servers behind one address each scrape meets another one.
//
// Redis, since a counter may start again at 0: Prometheus knows that of counters, and no statement of the hot path gets longer.
import { getEnv } from "./env";
import { log } from "./log";
import { getRedis, isRedisOpen } from "./redis";

/** From a task that starts at once to a training of a week. */
const SECONDS = [0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600, 14_400, 43_200, 86_400, 604_800];

type Labels = Record<string, string>;
type Total = { name: string; help: string; type: "counter" | "histogram" };

const known = new Map<string, Total>();
/** counted since they were last sent, by sample as Prometheus writes it */
let unsent = new Map<string, number>();

const totalsKey = (): string => `${getEnv().REDIS_PREFIX}totals`;
const sampleOf = (name: string, labels: Labels): string => {
  const pairs = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
  return pairs.length === 0 ? name : `${name}{${pairs.join(",")}}`;
};
const bucketOf = (name: string, labels: Labels, bound: number): string =>
  sampleOf(`${name}_bucket`, { ...labels, le: bound === Number.POSITIVE_INFINITY ? "+Inf" : String(bound) });

const SEND_EVERY_MS = 2000;
let isTimed = false;

const add = (sample: string, by: number): void => {
  unsent.set(sample, (unsent.get(sample) ?? 0) + by);
  if (isTimed) return;
  isTimed = true;
  setTimeout(() => {
    isTimed = false;
    if (isRedisOpen()) void sendTotals();
  }, SEND_EVERY_MS).unref();
};

/** A counter of all processes. Labels are words of ours, never ids. */
export const totalCounter = (name: string, help: string) => {
  known.set(name, { name, help, type: "counter" });
  return {
    inc: (labels: Labels = {}, by = 1): void => {
      if (by > 0) add(sampleOf(name, labels), by);
    },
  };
};

/** A histogram of all processes, of seconds. Kept by bucket; each is added to those above it when it is read. */
export const totalHistogram = (name: string, help: string) => {
  known.set(name, { name, help, type: "histogram" });
  return {
    observe: (labels: Labels, seconds: number): void => {
      const bound = SECONDS.find((one) => seconds <= one) ?? Number.POSITIVE_INFINITY;
      add(bucketOf(name, labels, bound), 1);
      add(sampleOf(`${name}_sum`, labels), Math.max(0, seconds));
    },
  };
};

/**
 * Sends what was counted here. Never fails: in an outage it is sent later. A process that is killed takes up to 2 s with it, and what
 * Redis took although its answer came too late is counted twice: enough for rates, and nothing else is made of it.
 */
export const sendTotals = async (): Promise<void> => {
  if (unsent.size === 0) return;
  const sending = unsent;
  unsent = new Map();
  try {
    // One transaction: either all of it is added or none.
    const adding = getRedis().multi();
    for (const [sample, by] of sending) adding.hincrbyfloat(totalsKey(), sample, by);
    await adding.exec();
  } catch (error) {
    for (const [sample, by] of sending) add(sample, by);
    log.debug({ error: error instanceof Error ? error.message : String(error) }, "totals were not sent");
  }
};

const nameOf = (sample: string): string => sample.replace(/\{.*$/, "");
const BUCKET = /^(.*)_bucket\{(.*?),?le="[^"]*"\}$/;

const linesOf = ({ name, type }: Total, stored: Map<string, number>): string[] => {
  if (type === "counter")
    return [...stored].filter(([sample]) => nameOf(sample) === name).map(([sample, value]) => `${sample} ${value}`);
  const ofLabels = [...stored.keys()].flatMap((sample) => {
    const [, histogram, labels] = BUCKET.exec(sample) ?? [];
    return histogram === name && labels !== undefined ? [labels] : [];
  });
  return [...new Set(ofLabels)].flatMap((text) => {
    const labels = Object.fromEntries(
      [...text.matchAll(/(\w+)="([^"]*)"/g)].map(([, label = "", value = ""]) => [label, value]),
    );
    let count = 0;
    const buckets = [...SECONDS, Number.POSITIVE_INFINITY].map((bound) => {
      const sample = bucketOf(name, labels, bound);
      count += stored.get(sample) ?? 0;
      return `${sample} ${count}`;
    });
    const sum = sampleOf(`${name}_sum`, labels);
    return [...buckets, `${sum} ${stored.get(sum) ?? 0}`, `${sampleOf(`${name}_count`, labels)} ${count}`];
  });
};

/** The totals in Prometheus' text format; empty while Redis is away. */
export const totalsText = async (): Promise<string> => {
  await sendTotals();
  let stored: Map<string, number>;
  try {
    const found = Object.entries(await getRedis().hgetall(totalsKey()));
    stored = new Map(found.map(([sample, value]): [string, number] => [sample, Number(value)]).sort());
  } catch (error) {
    log.debug({ error: error instanceof Error ? error.message : String(error) }, "totals were not read");
    return "";
  }
  return [...known.values()]
    .map((total) =>
      [`# HELP ${total.name} ${total.help}`, `# TYPE ${total.name} ${total.type}`, ...linesOf(total, stored), ""].join(
        "\n",
      ),
    )
    .join("");
};
