// What every tRPC procedure is given. Without imports, so that the types of the API carry neither Drizzle nor Next.

export interface RequestContext {
  /** the same as in the header X-Request-Id and in the log */
  requestId: string;
  locale: "en";
  /** Who calls. @throws AUTH_REQUIRED, INVALID_TOKEN; FORBIDDEN when another site's page made the browser call */
  authenticate: () => Promise<{ userId: string; scopes: string[] }>;
}
