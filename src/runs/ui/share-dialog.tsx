"use client";
// With whom a group is shared: added by address, their roles changed, withdrawn.
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useId, useState } from "react";
import { toast } from "sonner";
import { useLanguage } from "../../i18n/locale-provider";
import { Button, IconButton } from "../../ui/button";
import { Dialog } from "../../ui/dialog";
import { ErrorState, useRefusalSentence } from "../../ui/error-state";
import { Field, Input, Select } from "../../ui/field";
import { CrossIcon } from "../../ui/icons";
import { refusalOf } from "../../ui/refusal";
import { Skeleton } from "../../ui/skeleton";
import { type Outputs, useTRPC } from "../../ui/trpc";

type Share = Outputs["shares"]["list"]["shares"][number];
type ShareRole = Share["role"];
const ROLES: ShareRole[] = ["viewer", "editor"];

export const useShareActions = () => {
  const trpc = useTRPC();
  const queryClient = useQueryClient();
  const sentence = useRefusalSentence();
  const onSuccess = () =>
    Promise.all(
      [trpc.groups, trpc.shares, trpc.activity].map((room) =>
        queryClient.invalidateQueries({ queryKey: room.pathKey() }),
      ),
    );
  const onError = (error: unknown) => void toast.error(sentence(refusalOf(error)));
  return {
    /** Its refusal stands at the field. */
    add: useMutation(trpc.shares.put.mutationOptions({ onSuccess })),
    changeRole: useMutation(trpc.shares.put.mutationOptions({ onSuccess, onError })),
    withdraw: useMutation(trpc.shares.remove.mutationOptions({ onSuccess, onError })),
  };
};

const Roles = ({ label, value, onChange }: { label: string; value: ShareRole; onChange: (to: ShareRole) => void }) => {
  const { t } = useLanguage();
  return (
    <Select
      aria-label={label}
      value={value}
      className="w-28 shrink-0"
      onChange={(event) => onChange(event.target.value === "editor" ? "editor" : "viewer")}
    >
      {ROLES.map((role) => (
        <option key={role} value={role}>
          {t(`share.role.${role}`)}
        </option>
      ))}
    </Select>
  );
};

const Shares = ({ groupId }: { groupId: string }) => {
  const { t } = useLanguage();
  const query = useQuery(useTRPC().shares.list.queryOptions({ groupId }));
  const { changeRole, withdraw } = useShareActions();
  if (query.isPending) return <Skeleton className="h-16" />;
  if (query.isError && !query.data)
    return <ErrorState compact error={query.error} onRetry={() => query.refetch()} retrying={query.isFetching} />;
  const { shares } = query.data;
  if (shares.length === 0) return <p className="text-sm text-ink-2">{t("share.nobody")}</p>;
  return (
    <ul aria-label={t("share.with")} className="divide-y divide-line rounded-lg border border-line text-sm">
      {shares.map(({ userId, email, role }) => (
        <li key={userId} className="flex items-center gap-2 py-1.5 pr-1.5 pl-3">
          <span className="min-w-0 flex-1 truncate" title={email}>
            {email}
          </span>
          <Roles
            label={t("share.roleOf", { email })}
            value={role}
            onChange={(to) => changeRole.mutate({ groupId, email, role: to })}
          />
          <IconButton
            size="sm"
            label={t("share.withdraw", { email })}
            disabled={withdraw.isPending}
            onClick={() => withdraw.mutate({ groupId, userId })}
          >
            <CrossIcon />
          </IconButton>
        </li>
      ))}
    </ul>
  );
};

export const ShareDialog = ({ group, onClose }: { group: Outputs["groups"]["get"]; onClose: () => void }) => {
  const { t } = useLanguage();
  const sentence = useRefusalSentence();
  const formId = useId();
  const { add } = useShareActions();
  const [email, setEmail] = useState("");
  const [role, setRole] = useState<ShareRole>("viewer");
  const { groupId } = group;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (email.trim() !== "") add.mutate({ groupId, email: email.trim(), role }, { onSuccess: () => setEmail("") });
  };
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={t("share.title", { name: group.name })}
      footer={<Button onClick={onClose}>{t("action.close")}</Button>}
    >
      <div className="space-y-4">
        <form id={formId} onSubmit={submit}>
          <Field
            label={t("share.email")}
            hint={t(`share.roleNote.${role}`)}
            error={add.error ? sentence(refusalOf(add.error)) : undefined}
          >
            {(field) => (
              <div className="flex gap-2 max-sm:flex-wrap">
                <Input
                  {...field}
                  className="min-w-0 max-sm:basis-full"
                  inputMode="email"
                  autoComplete="off"
                  placeholder="ada@example.org"
                  value={email}
                  maxLength={254}
                  onChange={(event) => {
                    setEmail(event.target.value);
                    add.reset();
                  }}
                />
                <Roles label={t("share.role")} value={role} onChange={setRole} />
                <Button look="primary" type="submit" busy={add.isPending} disabled={email.trim() === ""}>
                  {t("share.add")}
                </Button>
              </div>
            )}
          </Field>
        </form>
        <Shares groupId={groupId} />
      </div>
    </Dialog>
  );
};
