"use client";
import { useQuery } from "@tanstack/react-query";
import { useTRPC } from "../../ui/trpc";

/** The queues that exist, offered while one types; a new name makes a new queue. */
export const QueueNames = ({ id }: { id: string }) => {
  const trpc = useTRPC();
  const queues = useQuery(trpc.tasks.queues.queryOptions());
  return (
    <datalist id={id}>
      {queues.data?.map((item) => (
        <option key={item.queue} value={item.queue} />
      ))}
    </datalist>
  );
};
