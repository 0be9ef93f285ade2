"use client";
// Pausing a unit.
import { useMutation } from "@tanstack/react-query";
import { useLanguage } from "../../i18n/locale-provider";
import { PauseDialog } from "../../ui/pause-dialog";
import { useTRPC } from "../../ui/trpc";
import { useUnitRefetch } from "./use-unit-actions";

export const PauseUnit = ({ unitId, name, onClose }: { unitId: string; name: string; onClose: () => void }) => {
  const { t } = useLanguage();
  const refetch = useUnitRefetch();
  const pause = useMutation(
    useTRPC().units.pause.mutationOptions({
      onSuccess: async () => {
        await refetch();
        onClose();
      },
    }),
  );
  return (
    <PauseDialog
      title={t("unit.pauseTitle", { name })}
      note={t("unit.pauseNote")}
      confirm={t("unit.pauseConfirm")}
      error={pause.error}
      busy={pause.isPending}
      onPause={(given) => pause.mutate({ unitId, ...given })}
      onClose={onClose}
    />
  );
};
