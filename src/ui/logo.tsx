/** The mark: a queue that rises. The favicon in src/app/icon.svg is the same drawing. */
export const Logo = () => (
  <span className="flex items-center gap-2">
    <svg viewBox="0 0 32 32" className="size-5" aria-hidden="true">
      <rect width="32" height="32" rx="8" className="fill-accent-solid" />
      <rect x="7" y="19" width="4" height="6" rx="1.5" fill="#fff" opacity=".55" />
      <rect x="14" y="14" width="4" height="11" rx="1.5" fill="#fff" opacity=".8" />
      <rect x="21" y="7" width="4" height="18" rx="1.5" fill="#fff" />
    </svg>
    <span className="text-base font-semibold tracking-tight">MLQueue</span>
  </span>
);
