// The providers that people may sign in with besides a password, as the environment names them: OpenID Connect and GitHub.
import type { OAuthConfig } from "next-auth/providers/oauth";
import { type Env, getEnv } from "../platform/env";
import type { Identity } from "./identities";

/** What a provider says of somebody, as next-auth hands it from one callback to the next. */
type Profile = { sub: string; email?: string; isVerified: boolean };

const PROVIDERS = ["oidc", "github"] as const;
type ProviderId = (typeof PROVIDERS)[number];

const textOf = (value: unknown): string | undefined => (typeof value === "string" && value !== "" ? value : undefined);

const profileOf = (sub: string, email: unknown, verified: unknown): Profile => {
  const address = textOf(email);
  return { sub, isVerified: verified === true, ...(address !== undefined && { email: address }) };
};

/** Some providers put the address into the token, some tell it at their userinfo endpoint alone. */
const oidc = (issuer: string, env: Env): OAuthConfig<Profile> => ({
  id: "oidc",
  name: env.OIDC_NAME,
  type: "oauth",
  wellKnown: `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`,
  clientId: env.OIDC_CLIENT_ID ?? "",
  clientSecret: env.OIDC_CLIENT_SECRET ?? "",
  idToken: true,
  checks: ["pkce", "state", "nonce"],
  authorization: { params: { scope: "openid email profile" } },
  userinfo: {
    request: async ({ client, tokens }) => {
      const claims = idClaims(tokens.id_token);
      const sub = textOf(claims.sub);
      if (sub === undefined) throw new Error("The provider's token names nobody.");
      const isWhole = claims.email !== undefined && claims.email_verified !== undefined;
      const canAsk = client.issuer.metadata.userinfo_endpoint !== undefined && tokens.access_token !== undefined;
      const said = !isWhole && canAsk ? await client.userinfo(tokens.access_token ?? "") : claims;
      // What is told of somebody else says nothing about this one.
      if (said.sub !== sub) throw new Error("The provider's userinfo is about somebody else.");
      return profileOf(sub, said.email, said.email_verified);
    },
  },
  profile: ({ sub }) => ({ id: sub }),
});

/** The claims of a token that openid-client has verified. */
const idClaims = (token: string | undefined): Record<string, unknown> => {
  const claims: unknown = JSON.parse(Buffer.from(token?.split(".")[1] ?? "", "base64url").toString() || "{}");
  return typeof claims === "object" && claims !== null ? { ...claims } : {};
};

const GITHUB_API = "https://api.github.com";

/**
 * Who a token of GitHub's belongs to. The public address of a profile is not asked for: only the list says which is verified.
 * @throws Error where GitHub does not answer
 */
export const githubProfile = async (token: string, api = GITHUB_API): Promise<Profile> => {
  const ask = async (path: string): Promise<unknown> => {
    const answer = await fetch(`${api}${path}`, {
      headers: { Authorization: `Bearer ${token}`, Accept: "application/vnd.github+json", "User-Agent": "mlqueue" },
      signal: AbortSignal.timeout(10_000),
    });
    if (!answer.ok) throw new Error(`GitHub answered ${answer.status} to ${path}.`);
    return answer.json();
  };
  const [user, emails] = await Promise.all([ask("/user"), ask("/user/emails")]);
  const id = typeof user === "object" && user !== null && "id" in user ? user.id : undefined;
  if (typeof id !== "number") throw new Error("GitHub's answer names nobody.");
  const primary = (Array.isArray(emails) ? (emails as Record<string, unknown>[]) : []).find(
    (one) => one.primary === true,
  );
  return profileOf(String(id), primary?.email, primary?.verified);
};

const github = (clientId: string, env: Env): OAuthConfig<Profile> => ({
  id: "github",
  name: "GitHub",
  type: "oauth",
  issuer: "https://github.com/login/oauth",
  clientId,
  clientSecret: env.GITHUB_CLIENT_SECRET ?? "",
  checks: ["pkce", "state"],
  authorization: { url: "https://github.com/login/oauth/authorize", params: { scope: "read:user user:email" } },
  token: "https://github.com/login/oauth/access_token",
  userinfo: { request: ({ tokens }) => githubProfile(tokens.access_token ?? "") },
  profile: ({ sub }) => ({ id: sub }),
});

/** Those that the environment configures. */
export const configuredProviders = (env = getEnv()): OAuthConfig<Profile>[] => [
  ...(env.OIDC_ISSUER === undefined ? [] : [oidc(env.OIDC_ISSUER, env)]),
  ...(env.GITHUB_CLIENT_ID === undefined ? [] : [github(env.GITHUB_CLIENT_ID, env)]),
];

const isProviderId = (id: string): id is ProviderId => PROVIDERS.some((one) => one === id);

/** How `identities` names a provider: by its issuer, since the same subject is somebody else at another one. */
export const providerKey = (id: string): string => {
  if (!isProviderId(id)) throw new Error(`${id} is no provider that people sign in with.`);
  return id === "oidc" ? `oidc:${getEnv().OIDC_ISSUER}` : id;
};

/** What next-auth hands to its callbacks. @param profile what `userinfo.request` returned */
export const identityFrom = (account: { provider: string; providerAccountId: string }, profile: unknown): Identity => {
  const said: Partial<Profile> = typeof profile === "object" && profile !== null ? profile : {};
  return {
    provider: providerKey(account.provider),
    subject: account.providerAccountId,
    email: said.email ?? null,
    isVerified: said.isVerified === true,
  };
};
