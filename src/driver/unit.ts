// A unit as a driver sees it: runs come out of it one by one.
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { type Clock, systemClock, untilAnswered } from "./backoff";
import { ClaimedRun } from "./claimed-run";
import { type Client, createClient } from "./client";
import { MLQueueError } from "./errors";
import { jsonSchemaOf, type ParamsOf, type ParamsSchema, parseParams } from "./params";
import { apiKeyOf, driverNameOf, folderName, stateDirOf, urlOf } from "./settings";
import { Uplink } from "./uplink";

export type UnitOptions<S extends ParamsSchema | undefined = undefined> = {
  /** `group/unit`, both by name */
  unit: string;
  /** a zod 4 schema: published, so that the server refuses runs that do not fit, and checked here again */
  params?: S;
  /** Make group and unit if there are none of these names. */
  create?: boolean | undefined;
  /** default: MLQUEUE_URL */
  url?: string | undefined;
  /** default: MLQUEUE_API_KEY */
  apiKey?: string | undefined;
  /** names the driver over restarts; default: MLQUEUE_DRIVER, else the host's name */
  name?: string | undefined;
  /** where spools lie; default: MLQUEUE_STATE_DIR, else ~/.mlqueue */
  stateDir?: string | undefined;
  /** default 5,000; a unit counts as connected for 10,000 after one */
  heartbeatMs?: number | undefined;
  /** so long lines and points are gathered, default 200 */
  gatherMs?: number | undefined;
  /** first pause after finding no run; it grows threefold while there is none. Default 1,000 */
  pollMs?: number | undefined;
  /** runs at a time, for the page to show; default 1 */
  slots?: number | undefined;
  /** the driver's own messages; default: stderr */
  say?: ((text: string) => void) | undefined;
};

export type ClaimOptions = {
  /** No more claims once it is aborted. A run that was claimed already is still given out. */
  signal?: AbortSignal | undefined;
  /** End when there is no pending run, rather than wait for one. */
  untilEmpty?: boolean | undefined;
};

/** So long a closing driver goes on sending what it has. */
const CLOSE_MS = 30_000;

const sayOnStderr = (text: string): void => {
  process.stderr.write(`mlqueue: ${text}\n`);
};

const isAgain = (error: unknown) => (error instanceof MLQueueError && error.retryable ? error : null);
const isNotFound = (error: unknown): boolean => error instanceof MLQueueError && error.code === "NOT_FOUND";

const splitName = (unit: string): { group: string; unit: string } => {
  const slash = unit.indexOf("/");
  if (slash <= 0 || slash === unit.length - 1)
    throw new Error(`MLQueue: a unit is named "group/unit", not ${JSON.stringify(unit)}.`);
  return { group: unit.slice(0, slash), unit: unit.slice(slash + 1) };
};

const findOrCreate = async (client: Client, names: { group: string; unit: string }): Promise<string> => {
  try {
    return (await client.units.find.query(names)).unitId;
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  const { groups } = await client.groups.list.query({});
  const group =
    groups.find((one) => one.name === names.group) ?? (await client.groups.create.mutate({ name: names.group }));
  return (await client.units.create.mutate({ groupId: group.groupId, name: names.unit })).unitId;
};

/**
 * Connects to a unit: finds it, publishes the schema, starts the heartbeat, sends what an earlier driver of this name left.
 * Waits for a server that is away.
 *
 * @throws NotFoundError without such a unit (unless `create`), AuthError for a wrong key
 */
export const openUnit = async <const S extends ParamsSchema | undefined = undefined>(
  options: UnitOptions<S>,
): Promise<Unit<S>> => {
  const names = splitName(options.unit);
  const url = urlOf(options.url);
  const apiKey = apiKeyOf(options.apiKey);
  const say = options.say ?? sayOnStderr;
  const client = createClient({ url, apiKey });
  const wait = { clock: systemClock, isAgain, onAway: (error: unknown) => say(`waiting for the server: ${error}`) };
  const unitId = await untilAnswered(
    async () => (options.create ? await findOrCreate(client, names) : (await client.units.find.query(names)).unitId),
    wait,
  );
  if (options.params !== undefined) {
    const parametersSchema = jsonSchemaOf(options.params);
    await untilAnswered(() => client.units.publishSchema.mutate({ unitId, parametersSchema }), wait);
  }
  const driverName = driverNameOf(options.name);
  const uplink = new Uplink(
    {
      url,
      apiKey,
      unitId,
      driverName,
      slots: options.slots ?? 1,
      spoolFolder: join(stateDirOf(options.stateDir), "spool", folderName(driverName)),
      heartbeatMs: options.heartbeatMs ?? 5000,
      gatherMs: options.gatherMs ?? 200,
    },
    say,
  );
  return new Unit({
    unitId,
    driverName,
    client,
    uplink,
    schema: options.params as S,
    pollMs: options.pollMs ?? 1000,
    say,
  });
};

type Parts<S> = {
  unitId: string;
  driverName: string;
  client: Client;
  uplink: Uplink;
  schema: S;
  pollMs: number;
  say: (text: string) => void;
};

export class Unit<S extends ParamsSchema | undefined = undefined> {
  readonly unitId: string;
  readonly client: Client;
  readonly #parts: Parts<S>;
  #isDraining = false;
  #isClosed = false;

  constructor(parts: Parts<S>) {
    this.unitId = parts.unitId;
    this.client = parts.client;
    this.#parts = parts;
  }

  /**
   * `for await (const run of unit.claim({ signal }))`: the next run is claimed when the loop comes round. End each with
   * `run.complete` or `run.fail`. Runs whose parameters do not fit the schema are failed and not given out.
   */
  async *claim(options: ClaimOptions = {}): AsyncGenerator<ClaimedRun<ParamsOf<S>>, void, void> {
    const { signal } = options;
    const { client, uplink, schema, pollMs } = this.#parts;
    let pauseMs = pollMs;
    while (!signal?.aborted) {
      const run = await this.#claimOne(systemClock, signal);
      if (run === null) {
        if (options.untilEmpty || signal?.aborted) return;
        await systemClock.wait(pauseMs, signal);
        pauseMs = Math.min(pauseMs * 1.5, pollMs * 3);
        continue;
      }
      pauseMs = pollMs;
      const parsed = await parseParams(schema, run.parameters);
      const parts = { client, uplink, isDraining: () => this.#isDraining };
      if ("params" in parsed) yield new ClaimedRun(run, parsed.params, parts);
      else await new ClaimedRun(run, run.parameters, parts).fail(parsed.problem);
    }
  }

  /** The claim's key stays the same until there is an answer, so that a lost answer is given again: the same run. */
  async #claimOne(clock: Clock, signal: AbortSignal | undefined) {
    const { client, unitId, driverName, say } = this.#parts;
    const claimKey = randomUUID();
    let isAway = false;
    try {
      const { run } = await untilAnswered(() => client.units.claim.mutate({ unitId, driverId: driverName, claimKey }), {
        clock,
        isAgain,
        ...(signal && { signal }),
        onAway: (error) => {
          if (!isAway) say(`no claims while the server is away: ${error instanceof Error ? error.message : error}`);
          isAway = true;
        },
      });
      return run;
    } catch (error) {
      if (signal?.aborted && error === signal.reason) return null;
      throw error;
    }
  }

  /** Tells runs by `ctx.isDraining` that this driver takes no more. */
  drain(): void {
    this.#isDraining = true;
  }

  /** Sends what there is for at most `withinMs`; the rest stays on disk for the next driver of this name. */
  async close(withinMs: number = CLOSE_MS): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const left = await this.#parts.uplink.close(withinMs);
    if (left > 0)
      this.#parts.say(
        `records of ${left} runs stay on disk; the next driver named ${this.#parts.driverName} sends them`,
      );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}
