"use client";
// A card of facts that were asked of the server: what it is while they load or are refused.
import type { UseQueryResult } from "@tanstack/react-query";
import type { ReactNode } from "react";
import { Card } from "../../../ui/card";
import { Loaded } from "../../../ui/loaded";

export const FactsCard = <T,>({
  title,
  query,
  children,
}: {
  title: string;
  query: UseQueryResult<T, unknown>;
  children: (data: T) => ReactNode;
}) => (
  <Card title={title}>
    <Loaded query={query}>{children}</Loaded>
  </Card>
);

/** One line: what it is, and how much. */
export const Fact = ({ name, note, children }: { name: ReactNode; note?: ReactNode; children: ReactNode }) => (
  <div className="flex flex-wrap items-baseline justify-between gap-x-4 gap-y-0.5 px-4 py-2.5 text-sm">
    <dt className="min-w-0 flex-1 basis-48">
      {name}
      {note && <span className="block text-xs text-ink-2">{note}</span>}
    </dt>
    <dd className="tabular-nums">{children}</dd>
  </div>
);
