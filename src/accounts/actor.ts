import type { Role } from "./roles";

/** Who calls: session, API key and JWT all end here, made by authenticate.ts alone. */
export type Actor = {
  userId: string;
  scopes: string[];
  role: Role;
  /** of a browser: its sign-in */
  sid?: string;
};
