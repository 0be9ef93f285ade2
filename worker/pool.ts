// The bounded pool: claims as much as fits what is free, and nothing that has no free slot.
import { setTimeout as wait } from "node:timers/promises";
import type { Redis } from "ioredis";
import { log } from "../src/platform/log";
import { type ClaimedTask, type ClaimingWorker, claimedUnder, claimTasks, newClaimToken } from "../src/tasks/claim";
import { giveBack } from "../src/tasks/finish";
import { wakeChannel } from "../src/tasks/ready-queue";
import type { Resources } from "../src/tasks/resource-class";
import type { Presence } from "./presence";
import { keyOf, type RunningTask, type StopReason } from "./running-task";

/** The net under a lost wake-up. */
const POLL_MS = 1000;
/** Where claims come often, slots that become free within so many ms share one: as many as there are slots, and at most this. */
const MAX_CLAIM_SPACING_MS = 5;
/** A claim whose answer took longer may belong to somebody else by now: it is given back, not started. */
const CLAIM_TOO_OLD_MS = 25_000;

export type PoolOptions = {
  worker: ClaimingWorker;
  slots: number;
  running: Map<string, RunningTask>;
  claimsUnderWay: Set<string>;
  presence: Pick<Presence, "mayClaim">;
  start: (task: ClaimedTask) => RunningTask;
};

export class Pool {
  readonly #options: PoolOptions;
  #stopping = false;
  #wake: (() => void) | undefined;
  #woken = false;
  #loop: Promise<void> | undefined;
  /** Tasks whose program is over and whose end is not recorded yet. They hold no slot. */
  readonly #ending = new Set<string>();

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  async listen(subscriber: Redis): Promise<void> {
    subscriber.on("message", (channel: string) => {
      if (channel === wakeChannel()) this.wake();
    });
    await subscriber.subscribe(wakeChannel());
  }

  start(): void {
    this.#loop = this.#run();
  }

  wake(): void {
    this.#woken = true;
    this.#wake?.();
  }

  /** Claims nothing more. @returns when the claim that was under way has been handled */
  async stopClaiming(): Promise<void> {
    this.#stopping = true;
    this.wake();
    await this.#loop;
  }

  stopAll(reason: StopReason, graceMs: number): void {
    for (const one of this.#options.running.values()) one.stop(reason, graceMs);
  }

  async allDone(): Promise<void> {
    await Promise.all([...this.#options.running.values()].map((one) => one.done));
  }

  #free(): { slots: number; resources: Resources } {
    const { slots, worker, running } = this.#options;
    const free = { ...worker.totals };
    let held = 0;
    // While PostgreSQL takes no ends, no more than one round of them waits.
    const mayPass = this.#ending.size <= slots;
    for (const [key, { task }] of running) {
      // A GPU is leased in PostgreSQL until the end is there.
      if (mayPass && task.resources.gpus === 0 && this.#ending.has(key)) continue;
      held++;
      free.gpus -= task.resources.gpus;
      free.cpus -= task.resources.cpus;
      free.memoryMb -= task.resources.memoryMb;
    }
    return { slots: slots - held, resources: free };
  }

  async #run(): Promise<void> {
    for (let claimedAt = Number.NEGATIVE_INFINITY; !this.#stopping; ) {
      this.#woken = false;
      const tooSoonMs = claimedAt + Math.min(this.#options.slots, MAX_CLAIM_SPACING_MS) - performance.now();
      if (tooSoonMs > 0 && this.#free().slots < this.#options.slots) await wait(tooSoonMs);
      claimedAt = performance.now();
      const free = this.#free();
      const claimed =
        free.slots > 0 && this.#options.presence.mayClaim ? await this.#claim(free.slots, free.resources) : 0;
      // Something was there, so there may be more; otherwise sleep until a wake-up, an end or the poll.
      if (claimed === 0 || claimed === free.slots) await this.#sleep();
    }
  }

  #sleep(): Promise<void> {
    if (this.#woken || this.#stopping) return Promise.resolve();
    return new Promise((resolve) => {
      const timer = setTimeout(done, POLL_MS);
      const self = this;
      function done() {
        clearTimeout(timer);
        self.#wake = undefined;
        resolve();
      }
      this.#wake = done;
    });
  }

  async #claim(slots: number, free: Resources): Promise<number> {
    const { worker, claimsUnderWay } = this.#options;
    const token = newClaimToken();
    claimsUnderWay.add(token);
    const askedAt = performance.now();
    try {
      const tasks = await claimTasks(worker, free, slots, token).catch((error: unknown) => this.#recover(token, error));
      if (performance.now() - askedAt > CLAIM_TOO_OLD_MS) {
        await giveBack(tasks, "given_back", "the claim took too long");
        return 0;
      }
      for (const task of tasks) this.#start(task);
      return tasks.length;
    } catch (error) {
      // Not recorded as under way any more: the next heartbeat gives back what the claim may have got.
      log.warn({ error: error instanceof Error ? error.message : String(error) }, "a claim failed");
      return 0;
    } finally {
      claimsUnderWay.delete(token);
    }
  }

  /** After an error the claim may still have happened: asks what it got. @throws when that cannot be learned in time */
  async #recover(token: string, cause: unknown): Promise<ClaimedTask[]> {
    log.warn({ error: cause instanceof Error ? cause.message : String(cause) }, "the answer to a claim was lost");
    for (let tries = 0; ; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 200));
      try {
        return await claimedUnder(this.#options.worker, token);
      } catch (error) {
        if (tries === 50 || this.#stopping) throw error;
      }
    }
  }

  #start(task: ClaimedTask): void {
    const { running, start } = this.#options;
    const one = start(task);
    const key = keyOf(task);
    running.set(key, one);
    void one.over.then(() => {
      this.#ending.add(key);
      this.wake();
    });
    void one.done.then(() => {
      running.delete(key);
      this.#ending.delete(key);
      this.wake();
    });
  }
}
