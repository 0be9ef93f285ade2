import clsx from "clsx";

/** The grey shape of something that is on its way; the one who draws it says `aria-busy` once around all of them. */
export const Skeleton = ({ className }: { className?: string }) => (
  <span className={clsx("block animate-breathe rounded bg-sunken", className)} />
);
