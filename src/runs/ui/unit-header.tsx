"use client";
// What the unit is, whether somebody works for it, and what can be done to all of it.
import Link from "next/link";
import { useState } from "react";
import { useLanguage } from "../../i18n/locale-provider";
import { Badge } from "../../ui/badge";
import { Button, LinkButton } from "../../ui/button";
import { PauseIcon, PlusIcon, TableIcon } from "../../ui/icons";
import type { Outputs } from "../../ui/trpc";
import { DriverDot } from "./driver-dot";
import { SharedBadge } from "./shared-badge";
import { AddRun } from "./unit-add-run";
import { PauseUnit } from "./unit-pause";

type Unit = Outputs["units"]["get"];

export const UnitHeader = ({ unit }: { unit: Unit }) => {
  const { t } = useLanguage();
  const [opened, setOpened] = useState<"pause" | "add" | null>(null);
  const close = () => setOpened(null);
  const { unitId } = unit;
  const state = unit.paused ? "paused" : unit.status;
  return (
    <header className="flex flex-wrap items-start justify-between gap-x-6 gap-y-3">
      <div className="min-w-0">
        <Link
          href={`/groups/${encodeURIComponent(unit.groupId)}`}
          className="text-sm wrap-anywhere text-ink-2 hover:text-ink"
        >
          {unit.groupName}
        </Link>
        <h1 className="flex flex-wrap items-center gap-2 text-xl font-semibold tracking-tight wrap-anywhere">
          {unit.name}
          <Badge tone={unit.paused ? "warn" : unit.status === "running" ? "accent" : "neutral"}>
            {t(`unit.state.${state}`)}
          </Badge>
          <SharedBadge of={unit} />
        </h1>
        <p className="mt-1 flex flex-wrap items-center gap-x-4 gap-y-1 text-sm text-ink-2">
          <DriverDot unit={unit} />
          <span className="tabular-nums">{t("unit.version", { version: unit.version })}</span>
        </p>
        {unit.description && <p className="mt-1 max-w-2xl text-sm text-ink-2 wrap-anywhere">{unit.description}</p>}
      </div>
      <div className="flex flex-wrap gap-2">
        {/* The banner of a paused unit has the way back. */}
        {!unit.paused && (
          <Button changes icon={<PauseIcon />} onClick={() => setOpened("pause")}>
            {t("unit.pause")}
          </Button>
        )}
        <LinkButton changes href={`/units/${encodeURIComponent(unitId)}/sweeps/new`} icon={<TableIcon />}>
          {t("unit.newSweep")}
        </LinkButton>
        <Button changes look="primary" icon={<PlusIcon />} onClick={() => setOpened("add")}>
          {t("unit.add")}
        </Button>
      </div>
      {opened === "pause" && <PauseUnit unitId={unitId} name={unit.name} onClose={close} />}
      {opened === "add" && (
        <AddRun
          unitId={unitId}
          title={t("unit.addTitle", { name: unit.name })}
          schema={unit.parametersSchema}
          onClose={close}
        />
      )}
    </header>
  );
};
