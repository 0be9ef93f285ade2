// PURE: what an account may do, whatever its keys may.
import type { Need } from "../platform/request-context";

export const ROLES = ["owner", "member", "viewer"] as const;

/**
 * `owner`: also the server itself and the accounts of others. `member`: all that belongs to the account. `viewer`: reads, and looks
 * after its own password, sign-ins and keys that read.
 */
export type Role = (typeof ROLES)[number];

export const roleAllows = (role: Role, need: Need): boolean => {
  switch (role) {
    case "owner":
      return true;
    case "member":
      return need !== "server";
    case "viewer":
      return need === "read" || need === "profile";
  }
};
