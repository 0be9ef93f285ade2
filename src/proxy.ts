// Before each page: which scripts it may run, and its own path for the sign-in's way back.
import { type NextRequest, NextResponse } from "next/server";

/** Set here alone: one sent from outside is overwritten. */
export const PATH_HEADER = "x-mlqueue-path";

/** Next marks its own scripts with the nonce it finds in the request's policy. React's development build needs eval. */
const policy = (nonce: string): string =>
  [
    "default-src 'self'",
    `script-src 'self' 'nonce-${nonce}' 'strict-dynamic'${process.env.NODE_ENV === "development" ? " 'unsafe-eval'" : ""}`,
    // Charts, menus and notices set styles on their elements.
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data: blob:",
    "connect-src 'self'",
    "object-src 'none'",
    "base-uri 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join("; ");

export const proxy = (request: NextRequest): NextResponse => {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const csp = policy(btoa(String.fromCharCode(...bytes)));
  const headers = new Headers(request.headers);
  headers.set("Content-Security-Policy", csp);
  headers.set(PATH_HEADER, request.nextUrl.pathname + request.nextUrl.search);
  const response = NextResponse.next({ request: { headers } });
  response.headers.set("Content-Security-Policy", csp);
  return response;
};

export const config = { matcher: ["/((?!api|_next/static|_next/image|icon.svg|favicon.ico).*)"] };
