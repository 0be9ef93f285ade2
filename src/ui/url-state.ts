"use client";
// What a page shows lives in its address: it survives a reload, can be sent to somebody, and Back undoes it.
import { useSearchParams } from "next/navigation";
import { useCallback } from "react";

export type UrlChange = Record<string, string | null>;

/** @returns the current values, and a setter in which null takes a name away; `replace` leaves no step for Back (typing) */
export const useUrlState = () => {
  const params = useSearchParams();
  const change = useCallback((changes: UrlChange, replace = false) => {
    const next = new URLSearchParams(window.location.search);
    for (const [name, value] of Object.entries(changes)) {
      if (value === null || value === "") next.delete(name);
      else next.set(name, value);
    }
    const query = next.toString();
    const url = query === "" ? window.location.pathname : `?${query}`;
    if (replace) window.history.replaceState(null, "", url);
    else window.history.pushState(null, "", url);
  }, []);
  return { params, change };
};
