"use client";
import { Tooltip as Primitive } from "radix-ui";
import type { ReactNode } from "react";

export const TooltipProvider = ({ children }: { children: ReactNode }) => (
  <Primitive.Provider delayDuration={300}>{children}</Primitive.Provider>
);

/** Adds words to something that can be focused or pointed at. What is only here is not for touch screens: keep it extra. */
export const Tooltip = ({ content, children }: { content: ReactNode; children: ReactNode }) => (
  <Primitive.Root>
    <Primitive.Trigger asChild>{children}</Primitive.Trigger>
    <Primitive.Portal>
      <Primitive.Content
        sideOffset={6}
        collisionPadding={8}
        className="animate-appear z-50 max-w-72 rounded-md border border-line bg-surface px-2.5 py-1.5 text-xs text-ink shadow-raised"
      >
        {content}
      </Primitive.Content>
    </Primitive.Portal>
  </Primitive.Root>
);
