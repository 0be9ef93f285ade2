// PURE: what a key may do.
import type { Need, Scope } from "../platform/request-context";

export const SCOPES = ["read", "run", "write", "admin"] as const satisfies readonly Scope[];

/** Of keys that may do everything, also what later versions add. */
export const ALL = "*";

/** The scope that a key must have for it. */
export const scopeFor = (need: Need): Scope => (need === "profile" || need === "server" ? "admin" : need);

/**
 * Whether these scopes allow what needs `need`.
 *
 * Whoever may do anything may read: a driver looks at its unit, and who changes a thing sees what became of it. `admin` and `*`
 * include the others; `run` and `write` do not include each other, so that a machine's key cannot delete what people made.
 */
export const allows = (scopes: readonly string[], need: Need): boolean => {
  if (scopes.includes(ALL) || scopes.includes("admin")) return true;
  return need === "read" ? SCOPES.some((scope) => scopes.includes(scope)) : scopes.includes(scopeFor(need));
};
