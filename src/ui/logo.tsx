import clsx from "clsx";

/**
 * The mark: a queue that rises. The favicon in src/app/icon.svg is the same drawing.
 * @param isShort without the name on a phone, where the pages' names need the room
 */
export const Logo = ({ isShort = false }: { isShort?: boolean }) => (
  <span className="flex items-center gap-2">
    <svg viewBox="0 0 32 32" className="size-5" aria-hidden="true">
      <rect width="32" height="32" rx="8" className="fill-accent-solid" />
      <rect x="7" y="19" width="4" height="6" rx="1.5" fill="#fff" opacity=".55" />
      <rect x="14" y="14" width="4" height="11" rx="1.5" fill="#fff" opacity=".8" />
      <rect x="21" y="7" width="4" height="18" rx="1.5" fill="#fff" />
    </svg>
    <span className={clsx("text-base font-semibold tracking-tight", isShort && "max-sm:hidden")}>MLQueue</span>
  </span>
);
