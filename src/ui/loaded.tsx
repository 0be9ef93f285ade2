"use client";
// What stands in a card until its answer is there, and where it does not come.
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { ErrorState } from "./error-state";
import { Skeleton } from "./skeleton";

/** @param height of the skeleton, as a class: near that of what comes */
export const Loaded = <Data,>({
  query,
  height = "h-14",
  children,
}: {
  query: UseQueryResult<Data, unknown>;
  height?: string;
  children: (data: Data) => ReactNode;
}) => {
  if (query.data !== undefined) return children(query.data);
  if (query.isError)
    return <ErrorState compact error={query.error} onRetry={() => query.refetch()} retrying={query.isFetching} />;
  return (
    <div aria-busy="true" className="animate-late p-4">
      <Skeleton className={height} />
    </div>
  );
};
