"use client";
// All accounts of the server: who they are, when they were last here, and what an owner can do about them.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useLanguage } from "../../i18n/locale-provider";
import { Badge } from "../../ui/badge";
import { Button, IconButton } from "../../ui/button";
import { Card } from "../../ui/card";
import { ConfirmDialog } from "../../ui/dialog";
import { useRefusalSentence } from "../../ui/error-state";
import { MoreIcon, PlusIcon } from "../../ui/icons";
import { Loaded } from "../../ui/loaded";
import { Menu, MenuItem, MenuSeparator } from "../../ui/menu";
import { refusalOf } from "../../ui/refusal";
import { SecretDialog } from "../../ui/secret-dialog";
import { RelativeTime } from "../../ui/time";
import { useTRPC } from "../../ui/trpc";
import { type Account, type Invitation, NewAccountDialog, StandingDialog } from "./account-dialogs";
import { useAdminActions } from "./use-admin-actions";

type Asked = { what: "standing" | "off"; account: Account };

const Facts = ({ account }: { account: Account }) => {
  const { t } = useLanguage();
  const { lastSignInAt, lastKeyUseAt, keys, createdAt } = account;
  return (
    <p className="mt-0.5 flex flex-wrap gap-x-3 text-xs text-ink-2">
      <span>
        {t("keys.made")} <RelativeTime at={createdAt} />
      </span>
      <span>
        {lastSignInAt === null ? (
          t("admin.neverSignedIn")
        ) : (
          <>
            {t("admin.signedIn")} <RelativeTime at={lastSignInAt} />
          </>
        )}
      </span>
      <span>
        {t("admin.keys", { count: keys })}
        {lastKeyUseAt !== null && (
          <>
            {", "}
            {t("keys.used")} <RelativeTime at={lastKeyUseAt} />
          </>
        )}
      </span>
    </p>
  );
};

const Row = ({
  account,
  isMine,
  onAsk,
  onInvite,
}: {
  account: Account;
  isMine: boolean;
  onAsk: (what: Asked["what"]) => void;
  onInvite: () => void;
}) => {
  const { t } = useLanguage();
  const { change } = useAdminActions();
  const { userId, email, role, tier, offSince, hasPassword, invitedUntil } = account;
  return (
    <li className="flex items-center gap-x-3 px-4 py-3">
      <div className="min-w-0 flex-1">
        <p className="flex flex-wrap items-center gap-2 text-sm font-medium">
          <span className="wrap-anywhere">{email}</span>
          <Badge tone={role === "owner" ? "accent" : "neutral"}>{t(`profile.role.${role}`)}</Badge>
          {tier === "premium" && <Badge>{t("profile.tier.premium")}</Badge>}
          {offSince !== null && <Badge tone="bad">{t("admin.off")}</Badge>}
          {invitedUntil !== null && <Badge tone="warn">{t("admin.invited")}</Badge>}
          {isMine && <Badge tone="ok">{t("admin.you")}</Badge>}
        </p>
        <Facts account={account} />
      </div>
      <Menu
        trigger={
          <IconButton size="sm" label={t("admin.actions", { email })}>
            <MoreIcon />
          </IconButton>
        }
      >
        <MenuItem onSelect={() => onAsk("standing")}>{t("admin.edit")}</MenuItem>
        {offSince === null && (
          <MenuItem onSelect={onInvite}>{t(hasPassword ? "admin.resetPassword" : "admin.invite")}</MenuItem>
        )}
        <MenuSeparator />
        {offSince === null ? (
          <MenuItem danger onSelect={() => onAsk("off")}>
            {t("admin.switchOff")}
          </MenuItem>
        ) : (
          <MenuItem onSelect={() => change.mutate({ userId, isOff: false })}>{t("admin.switchOn")}</MenuItem>
        )}
      </Menu>
    </li>
  );
};

const SwitchOff = ({ account, onClose }: { account: Account; onClose: () => void }) => {
  const { t } = useLanguage();
  const sentence = useRefusalSentence();
  const { change } = useAdminActions();
  return (
    <ConfirmDialog
      open
      onOpenChange={onClose}
      title={t("admin.switchOffTitle", { email: account.email })}
      description={t("admin.switchOffNote")}
      confirm={t("admin.switchOff")}
      keep={t("action.close")}
      danger
      busy={change.isPending}
      onConfirm={() => change.mutate({ userId: account.userId, isOff: true }, { onSuccess: onClose })}
    >
      {change.error && (
        <p role="alert" className="text-sm text-bad">
          {sentence(refusalOf(change.error))}
        </p>
      )}
    </ConfirmDialog>
  );
};

/** The token stands behind the #, which no server and no log ever sees. */
const linkOf = (token: string): string => `${window.location.origin}/invitation#${token}`;

export const AccountsCard = ({ myId }: { myId: string }) => {
  const { t, format } = useLanguage();
  const query = useQuery(useTRPC().admin.accounts.list.queryOptions());
  const { invite } = useAdminActions();
  const [isAdding, setAdding] = useState(false);
  const [asked, setAsked] = useState<Asked | null>(null);
  const [invitation, setInvitation] = useState<Invitation | null>(null);
  const close = () => setAsked(null);
  return (
    <Card
      title={t("admin.accounts")}
      actions={
        <Button size="sm" icon={<PlusIcon />} onClick={() => setAdding(true)}>
          {t("admin.add")}
        </Button>
      }
    >
      <Loaded query={query}>
        {({ accounts }) => (
          <ul className="divide-y divide-line">
            {accounts.map((account) => (
              <Row
                key={account.userId}
                account={account}
                isMine={account.userId === myId}
                onAsk={(what) => setAsked({ what, account })}
                onInvite={() => invite.mutate({ userId: account.userId }, { onSuccess: setInvitation })}
              />
            ))}
          </ul>
        )}
      </Loaded>
      {isAdding && (
        <NewAccountDialog
          onClose={() => setAdding(false)}
          onAdded={(made) => {
            setAdding(false);
            setInvitation(made);
          }}
        />
      )}
      {asked?.what === "standing" && <StandingDialog account={asked.account} onClose={close} />}
      {asked?.what === "off" && <SwitchOff account={asked.account} onClose={close} />}
      {invitation !== null && (
        <SecretDialog
          title={t("admin.linkTitle")}
          note={t("admin.linkNote", { until: format.dateTime(invitation.expiresAt) })}
          label={t("admin.link")}
          secret={linkOf(invitation.token)}
          onClose={() => setInvitation(null)}
        />
      )}
    </Card>
  );
};
