"use client";
// The account's API keys: who uses them, what they may do, and how they are taken back.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useLanguage } from "../../i18n/locale-provider";
import { Badge } from "../../ui/badge";
import { Button } from "../../ui/button";
import { Card } from "../../ui/card";
import { ConfirmDialog } from "../../ui/dialog";
import { EmptyState } from "../../ui/empty-state";
import { PlusIcon } from "../../ui/icons";
import { Loaded } from "../../ui/loaded";
import { useMayChange } from "../../ui/may-change";
import { SecretDialog } from "../../ui/secret-dialog";
import { DateTime, RelativeTime } from "../../ui/time";
import { type Outputs, useTRPC } from "../../ui/trpc";
import { ALL } from "../scopes";
import { NewKeyDialog } from "./new-key-dialog";
import { useAccountActions } from "./use-account-actions";

type Key = Outputs["accounts"]["keys"]["list"]["keys"][number];

const Row = ({ apiKey, onRevoke }: { apiKey: Key; onRevoke: () => void }) => {
  const { t } = useLanguage();
  const { name, prefix, scopes, expiresAt, lastUsedAt, createdAt } = apiKey;
  const mayChange = useMayChange();
  const hasExpired = expiresAt !== null && Date.parse(expiresAt) <= Date.now();
  const mayDo = scopes.includes(ALL) ? [t("keys.full")] : scopes;
  return (
    <li className="flex flex-wrap items-center gap-x-3 gap-y-2 px-4 py-3">
      <div className="min-w-0 flex-1 basis-56">
        <p className="flex flex-wrap items-center gap-2 text-sm font-medium">
          <span className="wrap-anywhere">{name}</span>
          {hasExpired && <Badge tone="bad">{t("keys.expired")}</Badge>}
          {(mayChange ? mayDo : [t("keys.reads")]).map((one) => (
            <Badge key={one}>{one}</Badge>
          ))}
        </p>
        <p className="mt-0.5 flex flex-wrap gap-x-3 text-xs text-ink-2">
          <span className="font-mono">{prefix}…</span>
          <span>
            {t("keys.made")} <RelativeTime at={createdAt} />
          </span>
          <span>
            {lastUsedAt === null ? (
              t("keys.unused")
            ) : (
              <>
                {t("keys.used")} <RelativeTime at={lastUsedAt} />
              </>
            )}
          </span>
          {expiresAt !== null && !hasExpired && (
            <span>
              {t("keys.expires")} <DateTime at={expiresAt} />
            </span>
          )}
        </p>
      </div>
      <Button size="sm" onClick={onRevoke} aria-label={t("keys.revokeNamed", { name })}>
        {t("keys.revoke")}
      </Button>
    </li>
  );
};

export const KeysCard = () => {
  const { t } = useLanguage();
  const query = useQuery(useTRPC().accounts.keys.list.queryOptions());
  const { revokeKey } = useAccountActions();
  const [isMaking, setMaking] = useState(false);
  const [made, setMade] = useState<string | null>(null);
  const [revoking, setRevoking] = useState<Key | null>(null);
  const add = (
    <Button size="sm" icon={<PlusIcon />} onClick={() => setMaking(true)}>
      {t("keys.new")}
    </Button>
  );
  return (
    <Card title={t("settings.keys")} actions={query.data?.keys.length ? add : undefined}>
      <Loaded query={query}>
        {({ keys }) =>
          keys.length === 0 ? (
            <EmptyState title={t("keys.none")} action={add}>
              {t("keys.noneNote")}
            </EmptyState>
          ) : (
            <ul className="divide-y divide-line">
              {keys.map((one) => (
                <Row key={one.keyId} apiKey={one} onRevoke={() => setRevoking(one)} />
              ))}
            </ul>
          )
        }
      </Loaded>
      {isMaking && (
        <NewKeyDialog
          onClose={() => setMaking(false)}
          onMade={(key) => {
            setMaking(false);
            setMade(key);
          }}
        />
      )}
      {made !== null && (
        <SecretDialog
          title={t("keys.madeTitle")}
          note={t("keys.madeNote")}
          label={t("keys.key")}
          secret={made}
          onClose={() => setMade(null)}
        />
      )}
      {revoking && (
        <ConfirmDialog
          open
          onOpenChange={() => setRevoking(null)}
          title={t("keys.revokeTitle", { name: revoking.name })}
          description={t("keys.revokeNote")}
          confirm={t("keys.revoke")}
          keep={t("action.close")}
          danger
          busy={revokeKey.isPending}
          onConfirm={() => revokeKey.mutate({ keyId: revoking.keyId }, { onSettled: () => setRevoking(null) })}
        />
      )}
    </Card>
  );
};
