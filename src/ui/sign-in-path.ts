/** The sign-in page, with the way back to where the reader was. */
export const signInPath = (from: string): string =>
  from === "/" || from === "" ? "/sign-in" : `/sign-in?from=${encodeURIComponent(from)}`;

/** A path on this site, or the first page: an address elsewhere must not be reached through our sign-in. */
export const safeReturnPath = (from: string | null | undefined): string => {
  if (!from?.startsWith("/")) return "/";
  try {
    const base = "http://here.invalid";
    const url = new URL(from, base);
    return url.origin === base ? url.pathname + url.search : "/";
  } catch (error) {
    if (error instanceof TypeError) return "/";
    throw error;
  }
};
