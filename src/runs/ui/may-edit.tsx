"use client";
// Whether the reader may change what a page shows: a viewer of a shared group is offered nothing that the server would refuse.
import { createContext, type ReactNode, useContext } from "react";
import type { Outputs } from "../../ui/trpc";

type Role = Outputs["units"]["get"]["role"];

const Context = createContext(true);

/** @param role undefined while it is not known yet */
export const MayEdit = ({ role, children }: { role: Role | undefined; children: ReactNode }) => (
  <Context.Provider value={role === "owner" || role === "editor"}>{children}</Context.Provider>
);

export const useMayEdit = (): boolean => useContext(Context);
