"use client";
// What was sent to one webhook, what came back, and when it is tried again.
import { useInfiniteQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useLanguage } from "../../i18n/locale-provider";
import { Badge, type Tone } from "../../ui/badge";
import { Button } from "../../ui/button";
import { ErrorState } from "../../ui/error-state";
import { ScrollRegion } from "../../ui/scroll-region";
import { Skeleton } from "../../ui/skeleton";
import { DateTime, RelativeTime } from "../../ui/time";
import { type Outputs, useTRPC } from "../../ui/trpc";
import { useWebhookActions } from "./use-webhook-actions";

type Delivery = Outputs["webhooks"]["deliveries"]["deliveries"][number];

const TONES: Record<Delivery["status"], Tone> = { pending: "accent", delivered: "ok", failed: "bad" };
/** A delivery that is tried again tells nobody: it is asked for. */
const ASK_MS = 3000;
const PAGE = 20;

const Text = ({ label, text }: { label: string; text: string }) => (
  <div>
    <p className="mb-1 text-xs font-medium text-ink-2">{label}</p>
    <ScrollRegion label={label} className="max-h-48 overflow-auto rounded-lg border border-line bg-sunken">
      <pre className="px-3 py-2 font-mono text-xs whitespace-pre-wrap wrap-anywhere">{text}</pre>
    </ScrollRegion>
  </div>
);

const Row = ({ webhookId, delivery }: { webhookId: string; delivery: Delivery }) => {
  const { t } = useLanguage();
  const { replay } = useWebhookActions();
  const [isOpen, setOpen] = useState(false);
  const { status, event, tries, statusCode, error, nextTryAt } = delivery;
  return (
    <li className="px-4 py-2">
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <button
          type="button"
          aria-expanded={isOpen}
          onClick={() => setOpen(!isOpen)}
          className="flex min-h-7 min-w-0 flex-1 flex-wrap items-center gap-x-3 gap-y-1 text-left text-sm"
        >
          <Badge tone={TONES[status]}>{t(`webhooks.delivery.${status}`)}</Badge>
          <span className="font-mono text-xs">{event}</span>
          <span className="text-xs text-ink-2 tabular-nums">
            {statusCode !== null && `HTTP ${statusCode} · `}
            {t("webhooks.tries", { count: tries })}
            {nextTryAt !== null && tries > 0 && (
              <>
                {" · "}
                {t("webhooks.nextTry")} <RelativeTime at={nextTryAt} />
              </>
            )}
          </span>
          <span className="ml-auto text-xs text-ink-2">
            <RelativeTime at={delivery.createdAt} />
          </span>
        </button>
        <Button
          changes
          size="sm"
          busy={replay.isPending}
          onClick={() => replay.mutate({ webhookId, deliveryId: delivery.deliveryId })}
        >
          {t("webhooks.replay")}
        </Button>
      </div>
      {isOpen && (
        <div className="mt-2 space-y-3 pb-2">
          {error && <p className="text-sm text-bad wrap-anywhere">{error}</p>}
          {delivery.deliveredAt && (
            <p className="text-xs text-ink-2">
              {t("webhooks.deliveredAt")} <DateTime at={delivery.deliveredAt} />
            </p>
          )}
          <Text label={t("webhooks.body")} text={delivery.body} />
          {delivery.answer && <Text label={t("webhooks.answer")} text={delivery.answer} />}
        </div>
      )}
    </li>
  );
};

export const Deliveries = ({ webhookId }: { webhookId: string }) => {
  const { t } = useLanguage();
  const trpc = useTRPC();
  const query = useInfiniteQuery(
    trpc.webhooks.deliveries.infiniteQueryOptions(
      { webhookId, limit: PAGE },
      { getNextPageParam: ({ nextCursor }) => nextCursor, refetchInterval: ASK_MS },
    ),
  );
  if (query.isPending)
    return (
      <div aria-busy="true" className="animate-late px-4 py-3">
        <Skeleton className="h-20" />
      </div>
    );
  if (query.isError && !query.data)
    return <ErrorState compact error={query.error} onRetry={() => query.refetch()} retrying={query.isFetching} />;
  const deliveries = query.data.pages.flatMap((page) => page.deliveries);
  if (deliveries.length === 0) return <p className="px-4 py-3 text-sm text-ink-2">{t("webhooks.noDeliveries")}</p>;
  return (
    <>
      <ul className="divide-y divide-line">
        {deliveries.map((one) => (
          <Row key={one.deliveryId} webhookId={webhookId} delivery={one} />
        ))}
      </ul>
      {query.hasNextPage && (
        <div className="border-t border-line px-4 py-2">
          <Button size="sm" look="ghost" busy={query.isFetchingNextPage} onClick={() => query.fetchNextPage()}>
            {t("webhooks.older")}
          </Button>
        </div>
      )}
    </>
  );
};
