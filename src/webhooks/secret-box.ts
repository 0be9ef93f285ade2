// The secrets of endpoints: encrypted in PostgreSQL with a key that is not there (WEBHOOK_SECRET_KEY), so that a copy of the
// database signs nothing.
import { createCipheriv, createDecipheriv, createHmac, hkdfSync, randomBytes } from "node:crypto";
import { getEnv } from "../platform/env";

const keyFor = (use: string): Buffer =>
  Buffer.from(hkdfSync("sha256", getEnv().WEBHOOK_SECRET_KEY, "mlqueue webhooks", use, 32));

/** `whsec_` and 32 random bytes as base64: the form of Standard Webhooks. */
export const newSecret = (): string => `whsec_${randomBytes(32).toString("base64")}`;

const VERSION = 1;
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** AES-256-GCM. @param owner bound into the text, so that one endpoint's row does not open with another's */
export const sealSecret = (secret: string, owner: string): string => {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv("aes-256-gcm", keyFor("seal"), iv).setAAD(Buffer.from(owner));
  const text = Buffer.concat([cipher.update(secret, "utf8"), cipher.final()]);
  return Buffer.concat([Buffer.of(VERSION), iv, cipher.getAuthTag(), text]).toString("base64");
};

/** @throws Error for a text that was changed, is another endpoint's, or was made with another WEBHOOK_SECRET_KEY */
export const openSecret = (sealed: string, owner: string): string => {
  const bytes = Buffer.from(sealed, "base64");
  const [iv, tag, text] = [
    bytes.subarray(1, 1 + IV_BYTES),
    bytes.subarray(1 + IV_BYTES, 1 + IV_BYTES + TAG_BYTES),
    bytes.subarray(1 + IV_BYTES + TAG_BYTES),
  ];
  if (bytes[0] !== VERSION || tag.length !== TAG_BYTES) throw new Error("This is no secret of ours.");
  const decipher = createDecipheriv("aes-256-gcm", keyFor("seal"), iv, { authTagLength: TAG_BYTES })
    .setAAD(Buffer.from(owner))
    .setAuthTag(tag);
  return Buffer.concat([decipher.update(text), decipher.final()]).toString("utf8");
};

/** What signs the events that go to tasks' own addresses: one secret per account, made from the key and kept nowhere. */
export const taskSecret = (userId: string): string =>
  `whsec_${createHmac("sha256", keyFor("tasks")).update(userId).digest("base64")}`;
