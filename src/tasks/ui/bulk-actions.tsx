"use client";
// What can be done with the chosen tasks. It takes the place of the filters, so that nothing below moves.
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { toast } from "sonner";
import { useLanguage } from "../../i18n/locale-provider";
import { Button } from "../../ui/button";
import { useRefusalSentence } from "../../ui/error-state";
import { CrossIcon, RetryIcon, StopIcon } from "../../ui/icons";
import { refusalOf } from "../../ui/refusal";
import { useTRPC, useTRPCClient } from "../../ui/trpc";
import type { Task } from "../task";
import { CancelDialog } from "./cancel-dialog";
import { canCancel, canRetry } from "./task-actions";

type Verb = "cancel" | "retry";

export const BulkActions = ({ tasks, onClear }: { tasks: Task[]; onClear: () => void }) => {
  const { t } = useLanguage();
  const client = useTRPCClient();
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const sentence = useRefusalSentence();
  const [busy, setBusy] = useState<Verb | null>(null);
  const [asking, setAsking] = useState(false);
  const cancellable = tasks.filter(canCancel);
  const retryable = tasks.filter(canRetry);

  const run = async (verb: Verb, chosen: Task[]) => {
    setBusy(verb);
    const taskIds = chosen.map((task) => task.taskId);
    try {
      const outcome = await client.tasks[verb === "cancel" ? "cancelMany" : "retryMany"].mutate({ taskIds });
      const done = outcome.taskIds.length;
      if (done > 0) toast.success(t(verb === "cancel" ? "bulk.cancelled" : "bulk.retried", { count: done }));
      const [first] = outcome.refused;
      if (first) toast.error(t("bulk.refused", { count: outcome.refused.length }), { description: first.sentence });
    } catch (error) {
      toast.error(t("bulk.refused", { count: taskIds.length }), { description: sentence(refusalOf(error)) });
    }
    await queryClient.invalidateQueries({ queryKey: trpc.tasks.pathKey() });
    setBusy(null);
    setAsking(false);
    onClear();
  };

  return (
    <div
      role="toolbar"
      aria-label={t("bulk.label")}
      className="flex min-h-8 flex-wrap items-center gap-2 max-sm:min-h-9"
    >
      <span className="text-sm font-medium tabular-nums" aria-live="polite">
        {t("tasks.selected", { count: tasks.length })}
      </span>
      <Button
        size="sm"
        icon={<StopIcon />}
        disabled={cancellable.length === 0 || busy !== null}
        onClick={() => setAsking(true)}
      >
        {t("bulk.cancel", { count: cancellable.length })}
      </Button>
      <Button
        size="sm"
        icon={<RetryIcon />}
        disabled={retryable.length === 0}
        busy={busy === "retry"}
        onClick={() => run("retry", retryable)}
      >
        {t("bulk.retry", { count: retryable.length })}
      </Button>
      <Button size="sm" look="ghost" icon={<CrossIcon />} onClick={onClear}>
        {t("bulk.clear")}
      </Button>
      <CancelDialog
        tasks={cancellable}
        open={asking}
        onOpenChange={setAsking}
        busy={busy === "cancel"}
        onConfirm={() => run("cancel", cancellable)}
      />
    </div>
  );
};
