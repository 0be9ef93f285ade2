import type { ReactNode } from "react";

/** Says that there is nothing, why, and what to do about it. */
export const EmptyState = ({
  icon,
  title,
  children,
  action,
}: {
  icon?: ReactNode;
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}) => (
  <div className="flex flex-col items-center px-6 py-12 text-center">
    {icon && (
      <span className="mb-3 flex size-9 items-center justify-center rounded-lg bg-sunken text-ink-3">{icon}</span>
    )}
    <p className="text-base font-medium">{title}</p>
    {children && <div className="mt-1 max-w-md text-sm text-ink-2">{children}</div>}
    {action && <div className="mt-4 flex flex-wrap justify-center gap-2">{action}</div>}
  </div>
);
