/** @param share 0..1 */
export const ProgressBar = ({ share, label }: { share: number; label: string }) => (
  <span
    role="progressbar"
    aria-label={label}
    aria-valuemin={0}
    aria-valuemax={100}
    aria-valuenow={Math.round(share * 100)}
    className="block h-1.5 w-full overflow-hidden rounded-full bg-sunken"
  >
    <span
      className="block h-full origin-left rounded-full bg-accent-solid transition-transform duration-300"
      style={{ transform: `scaleX(${Math.min(1, Math.max(0, share))})` }}
    />
  </span>
);
