// The thread that owns the connection: heartbeats, spools and deliveries go on while a training loop keeps the main thread busy.
import { isMainThread, type MessagePort, workerData } from "node:worker_threads";
import { systemClock } from "./backoff";
import { createClient } from "./client";
import { beat } from "./heartbeat";
import { Outbox } from "./outbox";
import { keyText, type RunKey } from "./records";
import { type Progress, serverApi } from "./server-api";
import { Spool } from "./spool";
import type { FromUplink, ToUplink, UplinkSettings } from "./uplink-messages";

type Open = { outbox: Outbox; progress: Progress | undefined };

const serve = (port: MessagePort, settings: UplinkSettings): void => {
  const open = new Map<string, Open>();
  const tell = (message: FromUplink): void => port.postMessage(message);
  const say = (text: string): void => tell({ type: "say", text });
  const stopBeating = new AbortController();
  const { url, apiKey, unitId, driverName, slots } = settings;
  const who = { unitId, driverId: driverName, slots };
  const api = serverApi(createClient({ url, apiKey }), who);
  const hurried = serverApi(createClient({ url, apiKey, timeoutMs: Math.max(1000, settings.heartbeatMs) }), who);

  const openOutbox = (key: RunKey, spool: Spool, isEnding = false): Outbox => {
    const outbox = new Outbox({
      key,
      spool,
      api,
      clock: systemClock,
      say,
      isEnding,
      limits: { gatherMs: settings.gatherMs },
    });
    open.set(keyText(key), { outbox, progress: undefined });
    void outbox.settled.then((as) => {
      open.delete(keyText(key));
      if (as !== "delivered") tell({ type: "abort", key, kind: as });
      tell({ type: "settled", key, as });
    });
    return outbox;
  };

  /** The heartbeat names ids only: whether it was a cancel or a loss is asked for. */
  const stopRun = async ({ outbox }: Open): Promise<void> => {
    try {
      outbox.stop(await api.whyStopped(outbox.key));
    } catch {
      // Asked again by the next heartbeat, which names the run again.
    }
  };

  void beat({
    api: hurried,
    clock: systemClock,
    intervalMs: settings.heartbeatMs,
    running: () => [...open.values()].map(({ outbox, progress }) => ({ ...outbox.key, progress })),
    onCancel: (runIds) => {
      for (const one of open.values()) if (runIds.includes(one.outbox.key.runId)) void stopRun(one);
    },
    onAway: (error) =>
      say(
        `the server does not answer heartbeats; training goes on (${error instanceof Error ? error.message : String(error)})`,
      ),
    onBack: () => say("the server answers heartbeats again"),
    signal: stopBeating.signal,
  });

  /** What an earlier driver of this name could not send. Its process is dead, so a run without an end has failed. */
  const replay = (): void => {
    for (const { spool, owner, hasEnd } of Spool.takeOver(settings.spoolFolder, url)) {
      const { runId, attempt } = owner;
      const errorMessage = "The driver's process ended before the run did.";
      say(
        `an earlier driver left ${spool.waitingBytes} bytes of run ${runId}; they are sent if the run is still its own`,
      );
      const outbox = openOutbox({ runId, attempt }, spool, hasEnd);
      if (hasEnd) outbox.kick();
      else outbox.add([JSON.stringify({ t: "end", end: { kind: "fail", errorMessage } })]);
    }
  };

  const close = async (withinMs: number): Promise<void> => {
    const ending = [...open.values()].map(({ outbox }) => outbox).filter((outbox) => outbox.isEnding);
    const all = Promise.all(ending.map((outbox) => outbox.settled));
    const late = new AbortController();
    await Promise.race([all, systemClock.wait(withinMs, late.signal)]);
    late.abort();
    stopBeating.abort();
    const left = open.size;
    for (const { outbox } of open.values()) outbox.leave();
    tell({ type: "closed", left });
    port.close();
  };

  port.on("message", (message: ToUplink) => {
    switch (message.type) {
      case "start":
        openOutbox(message.key, Spool.create(settings.spoolFolder, { ...message.key, url, unitId }));
        return;
      case "add":
        open.get(keyText(message.key))?.outbox.add(message.records);
        return;
      case "progress": {
        const one = open.get(keyText(message.key));
        if (one) one.progress = message.progress;
        return;
      }
      case "close":
        void close(message.withinMs);
    }
  });
  replay();
};

if (!isMainThread) {
  const { port, settings } = workerData as { port: MessagePort; settings: UplinkSettings };
  serve(port, settings);
}
