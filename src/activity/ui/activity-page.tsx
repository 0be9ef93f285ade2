"use client";
// All that the account did, and what others did with what is its own or shared with it.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useLanguage } from "../../i18n/locale-provider";
import { Select } from "../../ui/field";
import { useTRPC } from "../../ui/trpc";
import { useUrlState } from "../../ui/url-state";
import { KINDS } from "../verbs";
import { ActivityRows, useActivity } from "./activity-list";

const PAGE = 50;

/** Those who were met in the list, so that one of them can be asked for. Who was met stays. */
const usePeople = (query: ReturnType<typeof useActivity>, mine: string | undefined): Map<string, string> => {
  const [people] = useState(() => new Map<string, string>());
  for (const page of query.data?.pages ?? [])
    for (const { actorId, actorEmail } of page.activity)
      if (actorEmail !== null && actorId !== mine) people.set(actorId, actorEmail);
  return people;
};

export const ActivityPage = () => {
  const { t } = useLanguage();
  const { params, change } = useUrlState();
  const me = useQuery(useTRPC().accounts.me.queryOptions()).data?.userId;
  const kind = KINDS.find((one) => one === params.get("kind"));
  const person = params.get("person") ?? "";
  const actorId = person === "me" ? me : person || undefined;
  const query = useActivity({ ...(kind && { kind }), ...(actorId !== undefined && { actorId }) }, PAGE);
  const people = usePeople(query, me);
  if (person !== "" && person !== "me" && !people.has(person)) people.set(person, person);
  return (
    <div className="mx-auto max-w-3xl space-y-4">
      <title>{t("title.activity")}</title>
      <h1 className="text-xl font-semibold tracking-tight">{t("activity.title")}</h1>
      <div className="flex flex-wrap gap-2">
        <Select
          aria-label={t("activity.kindLabel")}
          value={kind ?? ""}
          onChange={(event) => change({ kind: event.target.value })}
        >
          <option value="">{t("activity.allKinds")}</option>
          {KINDS.map((one) => (
            <option key={one} value={one}>
              {t(`activity.kind.${one}`)}
            </option>
          ))}
        </Select>
        <Select
          aria-label={t("activity.personLabel")}
          value={person}
          className="max-w-64"
          onChange={(event) => change({ person: event.target.value })}
        >
          <option value="">{t("activity.everyone")}</option>
          <option value="me">{t("activity.onlyMe")}</option>
          {[...people].map(([id, email]) => (
            <option key={id} value={id}>
              {email}
            </option>
          ))}
        </Select>
      </div>
      <section aria-label={t("activity.title")} className="overflow-hidden rounded-xl border border-line bg-surface">
        <ActivityRows query={query} />
      </section>
    </div>
  );
};
