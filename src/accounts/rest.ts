// V1 routes of accounts.
import { DomainError } from "../platform/errors";
import type { Route } from "../platform/route";
import { issueToken } from "./tokens";

export const accountRoutes: Route[] = [
  {
    method: "POST",
    path: "/v1/auth/token",
    description: {
      summary: "Get a JWT for the API key that is sent as bearer. A JWT cannot get another one.",
      example: { token: "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9…", expires_at: "2026-11-26T08:00:00.000Z" },
    },
    // Any key may: the token is allowed no more than the key is.
    scope: "read",
    handle: async ({ userId, scopes, keyId }) => {
      // Else a token that leaked could be kept alive for ever.
      if (keyId === undefined) throw new DomainError("FORBIDDEN", "forbidden");
      const { token, expiresAt } = await issueToken({ userId, scopes }, keyId);
      return { fields: { token, expires_at: expiresAt } };
    },
  },
];
