// A small OpenID Connect provider on loopback: discovery, authorize, token with PKCE and RS256, userinfo. It signs in whom it is told to.
import { createHash, randomBytes } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { exportJWK, generateKeyPair, SignJWT } from "jose";

export type Person = {
  sub: string;
  email?: string;
  email_verified?: boolean;
  /** claims of the address are told at the userinfo endpoint alone */
  byUserinfo?: boolean;
  /** what a provider that is not to be trusted would send back */
  nonce?: string;
};

export type Provider = {
  issuer: string;
  clientId: string;
  clientSecret: string;
  /** who signs in next */
  person: Person;
  /** the parameters of the last request to authorize */
  asked: URLSearchParams;
  stop: () => Promise<void>;
};

type Grant = { person: Person; asked: URLSearchParams };

const bodyOf = async (request: IncomingMessage): Promise<URLSearchParams> => {
  let text = "";
  for await (const chunk of request) text += chunk;
  return new URLSearchParams(text);
};

const answer = (response: ServerResponse, status: number, body: object): void => {
  response.writeHead(status, { "Content-Type": "application/json" });
  response.end(JSON.stringify(body));
};

export const startProvider = async (): Promise<Provider> => {
  const { privateKey, publicKey } = await generateKeyPair("RS256");
  const jwk = { ...(await exportJWK(publicKey)), kid: "k1", alg: "RS256", use: "sig" };
  const grants = new Map<string, Grant>();
  const tokens = new Map<string, Person>();
  const provider: Provider = {
    issuer: "",
    clientId: "mlqueue",
    clientSecret: randomBytes(12).toString("hex"),
    person: { sub: "nobody" },
    asked: new URLSearchParams(),
    stop: () => new Promise((resolve) => server.close(() => resolve())),
  };
  const claimsOf = ({ sub, email, email_verified }: Person) => ({ sub, email, email_verified });

  const authorize = (asked: URLSearchParams, response: ServerResponse): void => {
    provider.asked = asked;
    const code = randomBytes(16).toString("hex");
    grants.set(code, { person: provider.person, asked });
    const back = new URL(asked.get("redirect_uri") ?? "");
    back.searchParams.set("code", code);
    back.searchParams.set("state", asked.get("state") ?? "");
    response.writeHead(302, { Location: back.href });
    response.end();
  };

  const token = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const form = await bodyOf(request);
    const basic = Buffer.from(request.headers.authorization?.replace(/^Basic /, "") ?? "", "base64").toString();
    const grant = grants.get(form.get("code") ?? "");
    grants.delete(form.get("code") ?? "");
    const challenge = createHash("sha256")
      .update(form.get("code_verifier") ?? "")
      .digest("base64url");
    if (basic !== `${provider.clientId}:${provider.clientSecret}`)
      return answer(response, 401, { error: "invalid_client" });
    if (grant?.asked.get("code_challenge") !== challenge || grant.asked.get("code_challenge_method") !== "S256")
      return answer(response, 400, { error: "invalid_grant" });
    if (form.get("redirect_uri") !== grant.asked.get("redirect_uri"))
      return answer(response, 400, { error: "invalid_grant" });
    const { person, asked } = grant;
    const access = randomBytes(16).toString("hex");
    tokens.set(access, person);
    const claims = person.byUserinfo ? { sub: person.sub } : claimsOf(person);
    const idToken = await new SignJWT({ ...claims, nonce: person.nonce ?? asked.get("nonce") })
      .setProtectedHeader({ alg: "RS256", kid: "k1" })
      .setIssuer(provider.issuer)
      .setAudience(provider.clientId)
      .setIssuedAt()
      .setExpirationTime("5 minutes")
      .sign(privateKey);
    answer(response, 200, { access_token: access, token_type: "Bearer", expires_in: 300, id_token: idToken });
  };

  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", provider.issuer);
    switch (url.pathname) {
      case "/.well-known/openid-configuration":
        return answer(response, 200, {
          issuer: provider.issuer,
          authorization_endpoint: `${provider.issuer}/authorize`,
          token_endpoint: `${provider.issuer}/token`,
          userinfo_endpoint: `${provider.issuer}/userinfo`,
          jwks_uri: `${provider.issuer}/jwks`,
          response_types_supported: ["code"],
          subject_types_supported: ["public"],
          id_token_signing_alg_values_supported: ["RS256"],
        });
      case "/jwks":
        return answer(response, 200, { keys: [jwk] });
      case "/authorize":
        return authorize(url.searchParams, response);
      case "/token":
        return void token(request, response);
      case "/userinfo": {
        const person = tokens.get(request.headers.authorization?.replace(/^Bearer /, "") ?? "");
        return person ? answer(response, 200, claimsOf(person)) : answer(response, 401, { error: "invalid_token" });
      }
      default:
        return answer(response, 404, {});
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  provider.issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return provider;
};
