// The table of procedures, for tests that look at each of them.
import { appRouter } from "../api/root";
import type { Needs } from "../platform/request-context";
import { needsOf } from "../platform/trpc";

type Kind = "query" | "mutation" | "subscription";

/** Of those who are not signed in: they need nothing but a secret of another kind. Written down, so that one is not added unseen. */
export const OPEN_PROCEDURES = ["entry.acceptInvitation", "entry.setUp"];

export const procedures = Object.entries(
  appRouter._def.procedures as unknown as Record<string, { _def: { type: Kind; meta?: Partial<Needs> } }>,
)
  .filter(([path]) => !OPEN_PROCEDURES.includes(path))
  .map(([path, { _def }]) => ({ path, type: _def.type, ...needsOf(_def.type, _def.meta) }));
