"use client";
// A new task, empty or as a copy of another one.
import { useQuery } from "@tanstack/react-query";
import Link from "next/link";
import { useSearchParams } from "next/navigation";
import { useLanguage } from "../../i18n/locale-provider";
import { ErrorState } from "../../ui/error-state";
import { ChevronLeftIcon } from "../../ui/icons";
import { Skeleton } from "../../ui/skeleton";
import { type Outputs, useTRPC } from "../../ui/trpc";
import { EXAMPLE_ENTRYPOINT, EXAMPLE_TASK } from "./example-task";
import { NewTaskForm } from "./new-task-form";
import { EMPTY_FORM, formOf, type TaskForm } from "./task-form";

type Programs = Outputs["tasks"]["entrypoints"];

const startWith = (programs: Programs): TaskForm => {
  const { entrypoints } = programs;
  const first = entrypoints.includes(EXAMPLE_ENTRYPOINT) ? EXAMPLE_ENTRYPOINT : (entrypoints[0] ?? "");
  if (first === "") return { ...EMPTY_FORM, program: programs.commandsAllowed ? "command" : "client" };
  return {
    ...EMPTY_FORM,
    entrypoint: first,
    ...(first === EXAMPLE_ENTRYPOINT ? { config: JSON.stringify(EXAMPLE_TASK.config, null, 2) } : {}),
  };
};

const Loading = () => (
  <div aria-busy="true" className="animate-late space-y-5">
    {["h-14", "h-14", "h-56", "h-14"].map((height, index) => (
      // biome-ignore lint/suspicious/noArrayIndexKey: they never change
      <Skeleton key={index} className={height} />
    ))}
  </div>
);

export const NewTaskPage = () => {
  const { t } = useLanguage();
  const trpc = useTRPC();
  const from = useSearchParams().get("from");
  const programs = useQuery(trpc.tasks.entrypoints.queryOptions());
  const source = useQuery(
    trpc.tasks.get.queryOptions(
      { taskId: from ?? "" },
      { enabled: from !== null, staleTime: Number.POSITIVE_INFINITY },
    ),
  );
  const failed = [programs, ...(from === null ? [] : [source])].find((query) => query.isError && !query.data);
  const initial = from === null ? programs.data && startWith(programs.data) : source.data && formOf(source.data);
  return (
    <div className="mx-auto max-w-2xl">
      <Link
        href="/tasks"
        className="-ml-1 inline-flex items-center gap-0.5 rounded pr-1 text-sm text-ink-2 hover:text-ink"
      >
        <ChevronLeftIcon />
        {t("nav.tasks")}
      </Link>
      <h1 className="mt-2 text-xl font-semibold tracking-tight">{t("form.title")}</h1>
      {from !== null && source.data && (
        <p className="mt-1 text-sm text-ink-2">
          {t("form.copyOf")}{" "}
          <Link href={`/tasks/${from}`} className="rounded text-accent hover:underline">
            {source.data.name}
          </Link>
        </p>
      )}
      <div className="mt-6">
        {failed ? (
          <ErrorState error={failed.error} onRetry={() => failed.refetch()} retrying={failed.isFetching} />
        ) : initial && programs.data ? (
          <NewTaskForm key={from ?? "new"} initial={initial} programs={programs.data} />
        ) : (
          <Loading />
        )}
      </div>
    </div>
  );
};
