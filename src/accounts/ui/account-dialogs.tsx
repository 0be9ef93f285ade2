"use client";
// An owner's forms: a new account, and an account's role and tier.
import { useState } from "react";
import { useLanguage } from "../../i18n/locale-provider";
import { useRefusalSentence } from "../../ui/error-state";
import { Field, Input, Select } from "../../ui/field";
import { FormDialog } from "../../ui/form-dialog";
import { refusalOf } from "../../ui/refusal";
import type { Outputs } from "../../ui/trpc";
import { ROLES, type Role } from "../roles";
import { isPasswordLong, NewPassword } from "./new-password";
import { useAdminActions } from "./use-admin-actions";

export type Account = Outputs["admin"]["accounts"]["list"]["accounts"][number];
export type Invitation = Outputs["admin"]["accounts"]["invite"];
type Tier = Account["tier"];

const TIERS: Tier[] = ["standard", "premium"];

const Standing = ({
  role,
  tier,
  onRole,
  onTier,
}: {
  role: Role;
  tier: Tier;
  onRole: (role: Role) => void;
  onTier: (tier: Tier) => void;
}) => {
  const { t } = useLanguage();
  return (
    <>
      <Field label={t("admin.role")} hint={t(`admin.role.${role}`)}>
        {(field) => (
          <Select
            {...field}
            className="w-full"
            value={role}
            onChange={({ target }) => onRole(ROLES.find((one) => one === target.value) ?? role)}
          >
            {ROLES.map((one) => (
              <option key={one} value={one}>
                {t(`profile.role.${one}`)}
              </option>
            ))}
          </Select>
        )}
      </Field>
      <Field label={t("admin.tier")} hint={t("admin.tierHint")}>
        {(field) => (
          <Select
            {...field}
            className="w-full"
            value={tier}
            onChange={({ target }) => onTier(TIERS.find((one) => one === target.value) ?? tier)}
          >
            {TIERS.map((one) => (
              <option key={one} value={one}>
                {t(`profile.tier.${one}`)}
              </option>
            ))}
          </Select>
        )}
      </Field>
    </>
  );
};

/** @param onAdded told the invitation; null where a password was given */
export const NewAccountDialog = ({
  onAdded,
  onClose,
}: {
  onAdded: (invitation: Invitation | null) => void;
  onClose: () => void;
}) => {
  const { t } = useLanguage();
  const sentence = useRefusalSentence();
  const { add } = useAdminActions();
  const [email, setEmail] = useState("");
  const [role, setRole] = useState<Role>("member");
  const [tier, setTier] = useState<Tier>("standard");
  const [way, setWay] = useState<"invitation" | "password">("invitation");
  const [password, setPassword] = useState("");
  const isComplete = email.trim() !== "" && (way === "invitation" || isPasswordLong(password));
  const submit = () => {
    add.mutate(
      { email: email.trim(), role, tier, ...(way === "password" && { password }) },
      { onSuccess: ({ invitation }) => onAdded(invitation) },
    );
  };
  return (
    <FormDialog
      title={t("admin.add")}
      confirm={t("admin.addConfirm")}
      busy={add.isPending}
      disabled={!isComplete}
      onSubmit={submit}
      onClose={onClose}
    >
      <Field label={t("signIn.email")} error={add.error ? sentence(refusalOf(add.error)) : undefined}>
        {(field) => (
          <Input
            {...field}
            autoComplete="off"
            value={email}
            maxLength={254}
            onChange={({ target }) => setEmail(target.value)}
          />
        )}
      </Field>
      <Standing role={role} tier={tier} onRole={setRole} onTier={setTier} />
      <Field label={t("admin.way")} hint={way === "invitation" ? t("admin.way.invitationNote") : undefined}>
        {(field) => (
          <Select
            {...field}
            className="w-full"
            value={way}
            onChange={({ target }) => setWay(target.value === "password" ? "password" : "invitation")}
          >
            <option value="invitation">{t("admin.way.invitation")}</option>
            <option value="password">{t("admin.way.password")}</option>
          </Select>
        )}
      </Field>
      {way === "password" && <NewPassword label={t("signIn.password")} value={password} onChange={setPassword} />}
    </FormDialog>
  );
};

export const StandingDialog = ({ account, onClose }: { account: Account; onClose: () => void }) => {
  const { t } = useLanguage();
  const sentence = useRefusalSentence();
  const { change } = useAdminActions();
  const [role, setRole] = useState<Role>(account.role);
  const [tier, setTier] = useState<Tier>(account.tier);
  const submit = () => {
    change.mutate({ userId: account.userId, role, tier }, { onSuccess: onClose });
  };
  return (
    <FormDialog
      title={t("admin.editTitle", { email: account.email })}
      confirm={t("action.save")}
      busy={change.isPending}
      onSubmit={submit}
      onClose={onClose}
    >
      <Standing role={role} tier={tier} onRole={setRole} onTier={setTier} />
      {change.error && (
        <p role="alert" className="text-sm text-bad">
          {sentence(refusalOf(change.error))}
        </p>
      )}
    </FormDialog>
  );
};
