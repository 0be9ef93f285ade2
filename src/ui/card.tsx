import clsx from "clsx";
import type { ReactNode } from "react";

/** A titled part of a page. */
export const Card = ({
  title,
  actions,
  children,
  className,
}: {
  title: string;
  actions?: ReactNode;
  children: ReactNode;
  className?: string;
}) => (
  <section className={clsx("min-w-0 rounded-xl border border-line bg-surface", className)} aria-label={title}>
    <div className="flex min-h-11 flex-wrap items-center justify-between gap-x-3 gap-y-1 border-b border-line px-4 py-1.5">
      <h2 className="text-sm font-semibold">{title}</h2>
      {actions && <div className="flex items-center gap-1">{actions}</div>}
    </div>
    {children}
  </section>
);
