import { Skeleton } from "../../ui/skeleton";

const WIDTHS = ["w-48", "w-64", "w-40", "w-56", "w-52", "w-44", "w-60", "w-48"];

/** Rows as high as the real ones. */
export const ListSkeleton = () => (
  <div className="animate-late">
    <div className="h-9 border-b border-line max-md:hidden" />
    {WIDTHS.map((width, index) => (
      // biome-ignore lint/suspicious/noArrayIndexKey: the rows are all alike
      <div key={index} className="flex h-11 items-center gap-6 border-b border-line px-3 last:border-0 max-md:h-24">
        <Skeleton className="size-4" />
        <Skeleton className="h-3 w-20" />
        <Skeleton className={`h-3 max-w-[40%] ${width}`} />
        <span className="flex-1" />
        <Skeleton className="h-3 w-24 max-md:hidden" />
        <Skeleton className="h-3 w-12" />
      </div>
    ))}
  </div>
);
