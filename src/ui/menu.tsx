"use client";
import clsx from "clsx";
import { DropdownMenu } from "radix-ui";
import type { ReactNode } from "react";
import { CheckIcon } from "./icons";
import { useIsLeftOut } from "./may-change";

const item =
  "flex h-8 cursor-default items-center gap-2 rounded-md px-2 text-sm outline-none select-none data-[disabled]:opacity-50 data-[highlighted]:bg-sunken max-sm:h-10";

export const Menu = ({
  trigger,
  children,
  align = "end",
}: {
  trigger: ReactNode;
  children: ReactNode;
  align?: "start" | "end";
}) => (
  <DropdownMenu.Root modal={false}>
    <DropdownMenu.Trigger asChild>{trigger}</DropdownMenu.Trigger>
    <DropdownMenu.Portal>
      <DropdownMenu.Content
        align={align}
        sideOffset={4}
        collisionPadding={8}
        className="animate-appear z-50 max-h-80 min-w-44 overflow-y-auto rounded-lg border border-line bg-surface p-1 shadow-raised"
      >
        {children}
      </DropdownMenu.Content>
    </DropdownMenu.Portal>
  </DropdownMenu.Root>
);

export const MenuItem = ({
  icon,
  danger = false,
  disabled = false,
  changes = false,
  onSelect,
  children,
}: {
  icon?: ReactNode;
  danger?: boolean;
  disabled?: boolean;
  /** left out for those who only look */
  changes?: boolean;
  onSelect: () => void;
  children: ReactNode;
}) =>
  useIsLeftOut(changes) ? null : (
    <DropdownMenu.Item disabled={disabled} onSelect={onSelect} className={clsx(item, danger && "text-bad")}>
      {icon && <span className={danger ? "text-bad" : "text-ink-3"}>{icon}</span>}
      {children}
    </DropdownMenu.Item>
  );

export const MenuLabel = ({ children }: { children: ReactNode }) => (
  <DropdownMenu.Label className="px-2 py-1.5 text-xs text-ink-2">{children}</DropdownMenu.Label>
);

export const MenuSeparator = () => <DropdownMenu.Separator className="-mx-1 my-1 h-px bg-line" />;

/** One of several, the chosen one ticked. */
export const MenuChoices = <Value extends string>({
  value,
  options,
  onChange,
}: {
  value: Value;
  options: { value: Value; label: ReactNode; lang?: string }[];
  onChange: (value: Value) => void;
}) => (
  <DropdownMenu.RadioGroup
    value={value}
    onValueChange={(chosen) => {
      const option = options.find((one) => one.value === chosen);
      if (option) onChange(option.value);
    }}
  >
    {options.map((option) => (
      <DropdownMenu.RadioItem key={option.value} value={option.value} lang={option.lang} className={item}>
        <span className="flex w-4 justify-center text-accent">
          <DropdownMenu.ItemIndicator>
            <CheckIcon />
          </DropdownMenu.ItemIndicator>
        </span>
        <span className="truncate">{option.label}</span>
      </DropdownMenu.RadioItem>
    ))}
  </DropdownMenu.RadioGroup>
);
