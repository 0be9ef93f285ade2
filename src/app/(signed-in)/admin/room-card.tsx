"use client";
// What takes the room: the largest tables, and all of them together.
import { useQuery } from "@tanstack/react-query";
import { useLanguage } from "../../../i18n/locale-provider";
import { useTRPC } from "../../../ui/trpc";
import { Fact, FactsCard } from "./facts";

const SHOWN = 8;

export const RoomCard = () => {
  const { t, format } = useLanguage();
  const query = useQuery(useTRPC().admin.retention.queryOptions());
  return (
    <FactsCard title={t("admin.room")} query={query}>
      {({ tables }) => {
        if (tables === null) return <p className="px-4 py-6 text-center text-sm text-ink-2">{t("admin.room.none")}</p>;
        const sum = (of: typeof tables) => of.reduce((bytes, one) => bytes + one.bytes, 0);
        return (
          <dl className="divide-y divide-line">
            {tables.slice(0, SHOWN).map(({ table, bytes, rows }) => (
              <Fact
                key={table}
                name={<code className="font-mono wrap-anywhere">{table}</code>}
                note={t("admin.room.rows", { count: rows })}
              >
                {format.bytes(bytes)}
              </Fact>
            ))}
            <Fact name={t("admin.room.others")}>{format.bytes(sum(tables.slice(SHOWN)))}</Fact>
            <Fact name={t("admin.room.all")}>{format.bytes(sum(tables))}</Fact>
          </dl>
        );
      }}
    </FactsCard>
  );
};
