// Standard Webhooks (standardwebhooks.com): what a receiver needs to know that an event is ours and not played back.
import { createHmac } from "node:crypto";

/**
 * @param at      seconds since 1970, of this try
 * @param secrets `whsec_…`; two while a rotated one is in its grace time
 * @returns the three headers
 */
export const signedHeaders = (id: string, at: number, body: string, secrets: string[]): Record<string, string> => ({
  "webhook-id": id,
  "webhook-timestamp": String(at),
  "webhook-signature": secrets
    .map((secret) => {
      const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
      return `v1,${createHmac("sha256", key).update(`${id}.${at}.${body}`).digest("base64")}`;
    })
    .join(" "),
});
