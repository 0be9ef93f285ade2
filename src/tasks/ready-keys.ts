// The keys of the order in Redis. For ready-queue.ts and ready-sets.ts alone: no other file knows them.
//
//   <prefix>epoch               set when the sets are whole; missing after Redis lost its data
//   <prefix>run                 run_id of the Redis server that the sets were built in
//   <prefix>classes             members `queue|class`: which sets may exist
//   <prefix>ready:queue|class   ids by place; a worker takes the head
//   <prefix>place:queue|user    ids by place, of one account; answers positions
//   <prefix>claiming            ids that a worker was offered, by Redis' time in ms, until the claim is settled
//   <prefix>paused              names of paused queues, a hint: PostgreSQL decides
import type { Redis } from "ioredis";
import { getEnv } from "../platform/env";

export const prefix = () => getEnv().REDIS_PREFIX;
/** Queue names are free text: encoded, so that `|` and `:` separate. */
export const classMember = (queue: string, className: string) => `${encodeURIComponent(queue)}|${className}`;
export const accountMember = (queue: string, userId: string) => `${encodeURIComponent(queue)}|${userId}`;

/** What the commands answered, in order. @throws the first error among the answers */
export const execAll = async (pipeline: ReturnType<Redis["pipeline"]>): Promise<unknown[]> => {
  const answers = (await pipeline.exec()) ?? [];
  return answers.map(([error, answer]) => {
    if (error) throw error;
    return answer;
  });
};
