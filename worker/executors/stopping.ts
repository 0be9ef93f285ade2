// How a running program is made to end: SIGTERM, a grace, SIGKILL.
import { setTimeout as wait } from "node:timers/promises";
import { log } from "../../src/platform/log";
import { cgroupOf, isPopulated, killCgroup } from "../cgroup";
import { findMarked, isAlive, isGroupEmpty, sendSignal } from "../containment";

/** Why a program is made to end. `lost`: the attempt is no longer ours. */
export type StopReason = "cancelled" | "timeout" | "shutdown" | "lost";

const GROUP_POLL_MS = 20;

/** The state of "asked to end": who asked first, until when, and whether SIGKILL was sent. */
export const makeStopping = (mark: { taskId: string; attempt: number }, group: number) => {
  const cgroup = cgroupOf(mark);
  const isEmpty = (): boolean => {
    const populated = cgroup === null ? null : isPopulated(cgroup);
    return populated === null ? isGroupEmpty(group) : !populated;
  };
  let reason: StopReason | null = null;
  let killAt = Number.POSITIVE_INFINITY;
  let timer: NodeJS.Timeout | undefined;
  let killed = false;
  let isLeaderEnded = false;
  let isOver = false;

  const killNow = (): void => {
    killed = true;
    sendSignal(-group, "SIGKILL");
    if (cgroup !== null) killCgroup(cgroup);
    // What left the group is killed as well while its parent is still dying; the proof of death comes after the exit.
    findMarked(mark)
      .then((found) => {
        if (isOver) return;
        for (const { pid, startTime } of found) if (isAlive(pid, startTime)) sendSignal(pid, "SIGKILL");
      })
      .catch((error: Error) =>
        log.warn({ ...mark, error: error.message }, "the processes of an attempt could not be looked up"),
      );
  };

  return {
    reason: () => reason,
    hasKilled: () => killed,
    leaderEnded: () => {
      isLeaderEnded = true;
    },
    over: () => {
      isOver = true;
      clearTimeout(timer);
    },
    stop: (why: StopReason, graceMs: number): void => {
      if (isOver || (isLeaderEnded && reason === null)) return;
      if (reason === null && graceMs > 0) sendSignal(-group, "SIGTERM");
      reason ??= why;
      if (performance.now() + graceMs >= killAt) return;
      killAt = performance.now() + graceMs;
      clearTimeout(timer);
      if (graceMs <= 0) killNow();
      else timer = setTimeout(killNow, graceMs);
    },
    /** A stopped program's wrapper may be gone before its payload: that one keeps the grace it was promised. */
    groupTime: async (): Promise<void> => {
      while (reason !== null && performance.now() < killAt && !isEmpty()) await wait(GROUP_POLL_MS);
    },
  };
};
