"use client";
// Where events go, and which: for a new webhook and for a change of one.
import { useId, useState } from "react";
import { useLanguage } from "../../i18n/locale-provider";
import { useRefusalSentence } from "../../ui/error-state";
import { Checkbox, Field, Input } from "../../ui/field";
import { FormDialog } from "../../ui/form-dialog";
import { refusalOf } from "../../ui/refusal";
import { WEBHOOK_EVENTS, type WebhookEvent } from "../events";

type Given = { url: string; events: WebhookEvent[] };
type Props = {
  title: string;
  confirm: string;
  initial?: { url: string; events: string[] };
  error: unknown;
  busy: boolean;
  onSubmit: (given: Given) => void;
  onClose: () => void;
};

const KINDS = ["task", "run"] as const;

export const EndpointDialog = ({ title, confirm, initial, error, busy, onSubmit, onClose }: Props) => {
  const { t } = useLanguage();
  const sentence = useRefusalSentence();
  const id = useId();
  const [url, setUrl] = useState(initial?.url ?? "");
  const [events, setEvents] = useState(new Set<string>(initial?.events ?? WEBHOOK_EVENTS));
  const toggle = (event: string) => {
    const next = new Set(events);
    if (!next.delete(event)) next.add(event);
    setEvents(next);
  };
  const isComplete = url.trim() !== "" && events.size > 0;
  const submit = () => {
    onSubmit({ url: url.trim(), events: WEBHOOK_EVENTS.filter((one) => events.has(one)) });
  };
  return (
    <FormDialog title={title} confirm={confirm} busy={busy} disabled={!isComplete} onSubmit={submit} onClose={onClose}>
      <Field
        label={t("webhooks.url")}
        hint={t("webhooks.urlHint")}
        error={error ? sentence(refusalOf(error)) : undefined}
      >
        {(field) => (
          <Input
            {...field}
            type="url"
            inputMode="url"
            placeholder="https://"
            value={url}
            maxLength={2000}
            onChange={(event) => setUrl(event.target.value)}
          />
        )}
      </Field>
      <fieldset>
        <legend className="mb-1.5 text-sm font-medium">{t("webhooks.events")}</legend>
        <div className="grid grid-cols-2 gap-4">
          {KINDS.map((kind) => (
            <div key={kind} className="space-y-1">
              {WEBHOOK_EVENTS.filter((one) => one.startsWith(kind)).map((one) => (
                <div key={one} className="flex min-h-7 items-center gap-2 text-sm">
                  <Checkbox id={`${id}-${one}`} checked={events.has(one)} onChange={() => toggle(one)} />
                  <label htmlFor={`${id}-${one}`} className="font-mono text-xs">
                    {one}
                  </label>
                </div>
              ))}
            </div>
          ))}
        </div>
      </fieldset>
    </FormDialog>
  );
};
