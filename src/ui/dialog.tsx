"use client";
import { Dialog as Primitive } from "radix-ui";
import { type ReactNode, useRef } from "react";
import { useLanguage } from "../i18n/locale-provider";
import { Button, IconButton } from "./button";
import { CrossIcon } from "./icons";

type Props = {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  description?: ReactNode;
  children?: ReactNode;
  footer: ReactNode;
};

/** Where the focus goes first: a field to fill in, else the answer that changes nothing. */
const FIRST = "input, textarea, select, [data-first-focus]";

export const Dialog = ({ open, onOpenChange, title, description, children, footer }: Props) => {
  const { t } = useLanguage();
  const content = useRef<HTMLDivElement>(null);
  const opener = useRef<Element | null>(null);
  const takeFocus = (event: Event) => {
    event.preventDefault();
    opener.current = document.activeElement;
    content.current?.querySelector<HTMLElement>(FIRST)?.focus();
  };
  const giveFocusBack = (event: Event) => {
    event.preventDefault();
    if (opener.current instanceof HTMLElement) opener.current.focus();
  };
  return (
    <Primitive.Root open={open} onOpenChange={onOpenChange}>
      <Primitive.Portal>
        <Primitive.Overlay className="fixed inset-0 z-40 bg-[rgb(10_10_15/0.45)]" />
        <Primitive.Content
          ref={content}
          onOpenAutoFocus={takeFocus}
          onCloseAutoFocus={giveFocusBack}
          {...(description ? {} : { "aria-describedby": undefined })}
          className="animate-appear fixed top-[12vh] left-1/2 z-50 max-h-[80vh] w-[min(28rem,calc(100vw-2rem))] -translate-x-1/2 overflow-y-auto rounded-xl border border-line bg-surface shadow-raised"
        >
          <div className="flex items-start justify-between gap-4 px-5 pt-4">
            <Primitive.Title className="text-base font-semibold">{title}</Primitive.Title>
            <Primitive.Close asChild>
              <IconButton label={t("action.close")} size="sm" className="-mr-2">
                <CrossIcon />
              </IconButton>
            </Primitive.Close>
          </div>
          <div className="px-5 pb-4">
            {description && (
              <Primitive.Description className="mt-1 text-sm text-ink-2">{description}</Primitive.Description>
            )}
            {children && <div className="mt-4">{children}</div>}
          </div>
          <div className="flex justify-end gap-2 border-t border-line px-5 py-3">{footer}</div>
        </Primitive.Content>
      </Primitive.Portal>
    </Primitive.Root>
  );
};

type ConfirmProps = Omit<Props, "footer"> & {
  confirm: string;
  keep: string;
  danger?: boolean;
  busy?: boolean;
  /** while it is not known yet what would be done */
  disabled?: boolean;
  onConfirm: () => void;
};

/** A question with two answers; the one that changes nothing has the focus. */
export const ConfirmDialog = ({
  confirm,
  keep,
  danger = false,
  busy = false,
  disabled = false,
  onConfirm,
  ...dialog
}: ConfirmProps) => (
  <Dialog
    {...dialog}
    footer={
      <>
        <Button data-first-focus onClick={() => dialog.onOpenChange(false)}>
          {keep}
        </Button>
        <Button look={danger ? "danger" : "primary"} busy={busy} disabled={disabled || busy} onClick={onConfirm}>
          {confirm}
        </Button>
      </>
    }
  />
);
