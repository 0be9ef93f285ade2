"use client";
// Whether the reader's account may change things. What would be refused is not offered: buttons, links, menu items and boxes with
// `changes` are left out for a viewer, here and nowhere else. The server refuses it all the same.
import { createContext, type ReactNode, useContext } from "react";

const MayChange = createContext(true);

export const MayChangeProvider = ({ may, children }: { may: boolean; children: ReactNode }) => (
  <MayChange value={may}>{children}</MayChange>
);

export const useMayChange = (): boolean => useContext(MayChange);

/** Whether a piece is left out. @param changes whether what it offers changes anything */
export const useIsLeftOut = (changes: boolean): boolean => !useMayChange() && changes;
