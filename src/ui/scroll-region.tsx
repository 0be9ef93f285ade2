import type { ComponentProps } from "react";

/** Something that scrolls within the page: named, and reachable by keyboard, since arrows scroll only what has the focus. */
export const ScrollRegion = ({ label, ...rest }: { label: string } & ComponentProps<"section">) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: without it, nobody without a mouse sees the rest
  <section aria-label={label} tabIndex={0} {...rest} />
);
