"use client";
// What changed without the reader doing anything, for those who hear the page.
import { createContext, type ReactNode, useCallback, useContext, useState } from "react";

const AnnounceContext = createContext<(sentence: string) => void>(() => {});

export const Announcer = ({ children }: { children: ReactNode }) => {
  const [sentence, setSentence] = useState("");
  const announce = useCallback((next: string) => setSentence(next), []);
  return (
    <AnnounceContext value={announce}>
      {children}
      <p aria-live="polite" className="sr-only">
        {sentence}
      </p>
    </AnnounceContext>
  );
};

export const useAnnounce = () => useContext(AnnounceContext);
