// What a task needs and what a worker has. Redis keeps one sorted set per queue and class.

/** Whole GPUs, CPU cores and MiB of memory. 0: not counted. */
export type Resources = { gpus: number; cpus: number; memoryMb: number };

/** The class of tasks that no worker may take: a client runs them. */
export const CLIENT_CLASS = "client";

/** `g2c4m8192`: the exact resources, so that everything in one set fits or fails alike. */
export const classOf = (needs: Resources): string => `g${needs.gpus}c${needs.cpus}m${needs.memoryMb}`;

/** The resources of a class; null for `client`. */
export const resourcesOfClass = (name: string): Resources | null => {
  const match = /^g(\d+)c(\d+)m(\d+)$/.exec(name);
  if (!match) return null;
  return { gpus: Number(match[1]), cpus: Number(match[2]), memoryMb: Number(match[3]) };
};

export const fits = (needs: Resources, has: Resources): boolean =>
  needs.gpus <= has.gpus && needs.cpus <= has.cpus && needs.memoryMb <= has.memoryMb;

const RESOURCES = ["gpus", "cpus", "memoryMb"] as const;

export type Head = { taskId: string; place: number; needs: Resources };

/**
 * Which waiting tasks a worker takes next. The claim script in ready-queue.ts decides the same way in Redis.
 *
 * In order of place. A task that fits the worker's totals but not what is free now reserves: nothing behind it is
 * taken that uses a resource it still lacks, so that small tasks never starve a big one.
 *
 * @param waiting in any order; those that exceed the totals are passed over
 * @param slots   how many may be taken
 */
export const chooseNext = (waiting: Head[], totals: Resources, free: Resources, slots: number): Head[] => {
  const left = { ...free };
  const reserved = new Set<(typeof RESOURCES)[number]>();
  const chosen: Head[] = [];
  for (const head of [...waiting].sort((a, b) => a.place - b.place)) {
    if (chosen.length >= slots) break;
    if (!fits(head.needs, totals)) continue;
    const lacking = RESOURCES.filter((name) => head.needs[name] > left[name]);
    if (lacking.length > 0) {
      for (const name of lacking) reserved.add(name);
      continue;
    }
    if (RESOURCES.some((name) => head.needs[name] > 0 && reserved.has(name))) continue;
    for (const name of RESOURCES) left[name] -= head.needs[name];
    chosen.push(head);
  }
  return chosen;
};
