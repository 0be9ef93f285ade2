"use client";
// The account's webhooks: where events go, whether they arrive, and the secret that is shown once.
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useLanguage } from "../../i18n/locale-provider";
import { Badge } from "../../ui/badge";
import { Button, IconButton } from "../../ui/button";
import { Card } from "../../ui/card";
import { ConfirmDialog } from "../../ui/dialog";
import { EmptyState } from "../../ui/empty-state";
import { MoreIcon, PlusIcon } from "../../ui/icons";
import { Loaded } from "../../ui/loaded";
import { Menu, MenuItem, MenuSeparator } from "../../ui/menu";
import { SecretDialog } from "../../ui/secret-dialog";
import { type Outputs, useTRPC } from "../../ui/trpc";
import { useUrlState } from "../../ui/url-state";
import { WEBHOOK_EVENTS } from "../events";
import { Deliveries } from "./deliveries";
import { EndpointDialog } from "./endpoint-dialog";
import { useWebhookActions } from "./use-webhook-actions";

type Endpoint = Outputs["webhooks"]["list"]["webhooks"][number];
type Asked = { what: "edit" | "rotate" | "remove"; endpoint: Endpoint };

const State = ({ endpoint }: { endpoint: Endpoint }) => {
  const { t } = useLanguage();
  return endpoint.active ? (
    <Badge tone="ok">{t("webhooks.active")}</Badge>
  ) : (
    <Badge tone={endpoint.offReason === null ? "neutral" : "bad"}>{t("webhooks.off")}</Badge>
  );
};

const Row = ({ endpoint, onAsk }: { endpoint: Endpoint; onAsk: (what: Asked["what"]) => void }) => {
  const { t } = useLanguage();
  const { turn, test } = useWebhookActions();
  const { params, change } = useUrlState();
  const { webhookId, url, events, active, offReason } = endpoint;
  const isOpen = params.get("webhook") === webhookId;
  return (
    <li>
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2 px-4 py-3">
        <div className="min-w-0 flex-1 basis-56">
          <p className="flex flex-wrap items-center gap-2">
            <span className="font-mono text-sm wrap-anywhere">{url}</span>
            <State endpoint={endpoint} />
          </p>
          <p className="mt-0.5 text-xs text-ink-2">
            {events.length === WEBHOOK_EVENTS.length ? t("webhooks.allEvents") : events.join(", ")}
          </p>
          {offReason !== null && <p className="mt-0.5 text-xs text-bad">{offReason}</p>}
        </div>
        <span className="flex items-center gap-1">
          <Button size="sm" aria-expanded={isOpen} onClick={() => change({ webhook: isOpen ? null : webhookId }, true)}>
            {t("webhooks.deliveries")}
          </Button>
          <Menu
            trigger={
              <IconButton changes size="sm" label={t("webhooks.actions", { url })}>
                <MoreIcon />
              </IconButton>
            }
          >
            <MenuItem onSelect={() => test.mutate({ webhookId })}>{t("webhooks.test")}</MenuItem>
            <MenuItem onSelect={() => onAsk("edit")}>{t("webhooks.edit")}</MenuItem>
            <MenuItem onSelect={() => turn.mutate({ webhookId, active: !active })}>
              {t(active ? "webhooks.turnOff" : "webhooks.turnOn")}
            </MenuItem>
            <MenuItem onSelect={() => onAsk("rotate")}>{t("webhooks.rotate")}</MenuItem>
            <MenuSeparator />
            <MenuItem danger onSelect={() => onAsk("remove")}>
              {t("webhooks.remove")}
            </MenuItem>
          </Menu>
        </span>
      </div>
      {isOpen && (
        <div className="border-t border-line bg-sunken/40">
          <Deliveries webhookId={webhookId} />
        </div>
      )}
    </li>
  );
};

/** What was asked about one webhook: a form or a question. */
const Question = ({
  asked: { what, endpoint },
  onSecret,
  onClose,
}: {
  asked: Asked;
  onSecret: (secret: string) => void;
  onClose: () => void;
}) => {
  const { t } = useLanguage();
  const { update, rotate, remove } = useWebhookActions();
  const { webhookId, url } = endpoint;
  switch (what) {
    case "edit":
      return (
        <EndpointDialog
          title={t("webhooks.edit")}
          confirm={t("webhooks.save")}
          initial={endpoint}
          error={update.error}
          busy={update.isPending}
          onClose={onClose}
          onSubmit={(given) => update.mutate({ webhookId, ...given }, { onSuccess: onClose })}
        />
      );
    case "rotate":
      return (
        <ConfirmDialog
          open
          onOpenChange={onClose}
          title={t("webhooks.rotateTitle")}
          description={t("webhooks.rotateNote")}
          confirm={t("webhooks.rotate")}
          keep={t("action.close")}
          busy={rotate.isPending}
          onConfirm={() =>
            rotate.mutate({ webhookId }, { onSuccess: ({ secret }) => onSecret(secret), onSettled: onClose })
          }
        />
      );
    case "remove":
      return (
        <ConfirmDialog
          open
          onOpenChange={onClose}
          title={t("webhooks.removeTitle", { url })}
          description={t("webhooks.removeNote")}
          confirm={t("webhooks.remove")}
          keep={t("action.close")}
          danger
          busy={remove.isPending}
          onConfirm={() => remove.mutate({ webhookId }, { onSettled: onClose })}
        />
      );
  }
};

export const WebhooksCard = () => {
  const { t } = useLanguage();
  const query = useQuery(useTRPC().webhooks.list.queryOptions());
  const { create } = useWebhookActions();
  const [isAdding, setAdding] = useState(false);
  const [asked, setAsked] = useState<Asked | null>(null);
  const [secret, setSecret] = useState<string | null>(null);
  const add = (
    <Button changes size="sm" icon={<PlusIcon />} onClick={() => setAdding(true)}>
      {t("webhooks.add")}
    </Button>
  );
  return (
    <Card title={t("webhooks.title")} actions={query.data?.webhooks.length ? add : undefined}>
      <Loaded query={query}>
        {({ webhooks }) =>
          webhooks.length === 0 ? (
            <EmptyState title={t("webhooks.none")} action={add}>
              {t("webhooks.noneNote")}
            </EmptyState>
          ) : (
            <ul className="divide-y divide-line">
              {webhooks.map((endpoint) => (
                <Row key={endpoint.webhookId} endpoint={endpoint} onAsk={(what) => setAsked({ what, endpoint })} />
              ))}
            </ul>
          )
        }
      </Loaded>
      {isAdding && (
        <EndpointDialog
          title={t("webhooks.add")}
          confirm={t("webhooks.create")}
          error={create.error}
          busy={create.isPending}
          onClose={() => setAdding(false)}
          onSubmit={(given) =>
            create.mutate(given, {
              onSuccess: (made) => {
                setAdding(false);
                setSecret(made.secret);
              },
            })
          }
        />
      )}
      {asked && <Question asked={asked} onSecret={setSecret} onClose={() => setAsked(null)} />}
      {secret !== null && (
        <SecretDialog
          title={t("webhooks.secretTitle")}
          note={t("webhooks.secretNote")}
          label={t("webhooks.secret")}
          secret={secret}
          onClose={() => setSecret(null)}
        />
      )}
    </Card>
  );
};
