"use client";
// A viewer of a shared group is offered nothing that the server would refuse, as a viewer of the whole server is (ui/may-change).
import type { ReactNode } from "react";
import { MayChangeProvider, useMayChange } from "../../ui/may-change";
import type { Outputs } from "../../ui/trpc";

type Role = Outputs["units"]["get"]["role"];

/** @param role the reader's in the group; undefined while it is not known yet */
export const MayEdit = ({ role, children }: { role: Role | undefined; children: ReactNode }) => {
  const mayChange = useMayChange();
  return <MayChangeProvider may={mayChange && (role === "owner" || role === "editor")}>{children}</MayChangeProvider>;
};
