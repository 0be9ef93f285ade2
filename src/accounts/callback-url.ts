// Where a browser goes after signing in or out: only to a page of this server.

/** The address inside `baseUrl` that `url` means, else `baseUrl` itself. Never throws. */
export const sameOriginUrl = (url: string, baseUrl: string): string => {
  if (!URL.canParse(url, baseUrl)) return baseUrl;
  const target = new URL(url, baseUrl);
  return target.origin === new URL(baseUrl).origin ? target.href : baseUrl;
};

const isUsable = (url: string): boolean =>
  url.startsWith("/")
    ? URL.canParse(url, "http://localhost")
    : URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);

/**
 * The request target of an /api/auth route without a `callbackUrl` that is no address.
 *
 * next-auth 4 checks it before our redirect callback is asked, and answers 500.
 */
export const withoutBadCallbackUrl = (target: string): string => {
  const at = target.indexOf("?");
  if (at < 0) return target;
  const query = new URLSearchParams(target.slice(at));
  const given = query.getAll("callbackUrl");
  if (given.length === 0 || given.every(isUsable)) return target;
  query.delete("callbackUrl");
  return `${target.slice(0, at)}?${query}`;
};

const safeDecode = (text: string): string | null => {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    if (error instanceof URIError) return null;
    throw error;
  }
};

/** The Cookie header without a remembered callback URL that is no address, for the same reason. */
export const withoutBadCallbackCookie = (cookies: string): string =>
  cookies
    .split(";")
    .filter((pair) => {
      const match = /^\s*(?:__Secure-)?next-auth\.callback-url=(.*)$/.exec(pair);
      if (!match) return true;
      const url = safeDecode(match[1] ?? "");
      return url !== null && isUsable(url);
    })
    .join(";");
