// From a method and a path to a route.
import type { Route } from "../platform/route";

type Methods = Map<string, Route>;
type Pattern = { segments: string[]; methods: Methods };

export type Match =
  | { kind: "route"; route: Route; params: Record<string, string> }
  | { kind: "otherMethods"; allow: string[] }
  | { kind: "unknown" };

const NO_PARAMS = {};

const matchPattern = ({ segments }: Pattern, given: string[]): Record<string, string> | null => {
  if (segments.length !== given.length) return null;
  const params: Record<string, string> = {};
  for (const [index, segment] of segments.entries()) {
    const text = given[index] ?? "";
    if (segment.startsWith(":")) params[segment.slice(1)] = text;
    else if (segment !== text) return null;
  }
  return params;
};

/** A path without `:names` is found in one step, and wins over one with them. */
export const makeRouteTable = (routes: Route[]): ((method: string, path: string) => Match) => {
  const exact = new Map<string, Methods>();
  const patterns = new Map<string, Pattern>();
  for (const route of routes) {
    const pattern = patterns.get(route.path) ?? {
      segments: route.path.split("/"),
      methods: exact.get(route.path) ?? new Map(),
    };
    pattern.methods.set(route.method, route);
    if (route.path.includes(":")) patterns.set(route.path, pattern);
    else exact.set(route.path, pattern.methods);
  }

  const find = (path: string): { methods: Methods; params: Record<string, string> } | null => {
    const methods = exact.get(path);
    if (methods) return { methods, params: NO_PARAMS };
    const given = path.split("/");
    for (const pattern of patterns.values()) {
      const params = matchPattern(pattern, given);
      if (params) return { methods: pattern.methods, params };
    }
    return null;
  };

  return (method, path) => {
    const found = find(path);
    if (!found) return { kind: "unknown" };
    const route = found.methods.get(method === "HEAD" ? "GET" : method);
    if (route) return { kind: "route", route, params: found.params };
    const allow = [...found.methods.keys(), ...(found.methods.has("GET") ? ["HEAD"] : []), "OPTIONS"];
    return { kind: "otherMethods", allow };
  };
};
