import type { NextConfig } from "next";

/** The headers of pages are set in src/server.ts, the policy for scripts, which has a nonce, in src/proxy.ts. */
const config: NextConfig = {
  distDir: process.env.NEXT_DIST_DIR || ".next",
  reactStrictMode: true,
  poweredByHeader: false,
  devIndicators: false,
  // `npm run check` looks at all of the types, tests too; who only starts the product does not wait for that.
  typescript: { ignoreBuildErrors: true },
  // Native code, and clients that keep one connection per process: loaded by node, not bundled.
  serverExternalPackages: ["@node-rs/argon2", "ioredis", "pino", "postgres"],
};

export default config;
