// Tells the server every few seconds which runs this driver has, and hears which must stop.
import type { Clock } from "./backoff";
import type { RunningRun, ServerApi } from "./server-api";

export type HeartbeatOptions = {
  api: Pick<ServerApi, "heartbeat">;
  clock: Clock;
  intervalMs: number;
  running: () => RunningRun[];
  /** ids of runs that the server wants stopped */
  onCancel: (runIds: string[]) => void;
  onAway: (error: unknown) => void;
  onBack: () => void;
  signal: AbortSignal;
};

/** Beats until the signal is aborted. A beat that fails is not repeated: the next one says the same and more. Never rejects. */
export const beat = async (options: HeartbeatOptions): Promise<void> => {
  const { clock, intervalMs, signal } = options;
  let isAway = false;
  while (!signal.aborted) {
    const startedAt = clock.now();
    try {
      const { cancel } = await options.api.heartbeat(options.running());
      if (isAway) options.onBack();
      isAway = false;
      if (cancel.length > 0) options.onCancel(cancel);
    } catch (error) {
      if (!isAway) options.onAway(error);
      isAway = true;
    }
    await clock.wait(Math.max(0, intervalMs - (clock.now() - startedAt)), signal);
  }
};
