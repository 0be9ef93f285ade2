// PURE but for one secret: what a key's text looks like, and what is kept of it.
import { createHash, createHmac, hkdfSync } from "node:crypto";
import { crc32 } from "node:zlib";
import { customAlphabet } from "nanoid";
import { getEnv } from "../platform/env";

const ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const letters = customAlphabet(ALPHABET, 40);

const CHECKSUM_LENGTH = 6;

/** CRC-32 of the random letters in base 62: no letter that is wrong, and no two neighbours that changed places, go unseen. */
const checksumOf = (random: string): string => {
  let text = "";
  for (let rest = crc32(random), digit = 0; digit < CHECKSUM_LENGTH; digit++) {
    text = `${ALPHABET[rest % 62]}${text}`;
    rest = Math.floor(rest / 62);
  }
  return text;
};

/** A key that we make: 238 random bits and a checksum. */
export const newApiKey = (): string => {
  const random = letters();
  return `mlq_${random}${checksumOf(random)}`;
};

export const MAX_KEY_LENGTH = 200;

/** Any visible text of 1 to 200 characters may be registered (REST contract), but for one that looks like ours and is mistyped. */
export const isKeyText = (text: string): boolean => /^[\x21-\x7e]{1,200}$/.test(text);

/** Whether this is one of ours with a letter wrong. Keys from before the checksum are shorter, and are not. */
export const isMistyped = (text: string): boolean => {
  const match = /^mlq_([0-9A-Za-z]{40})([0-9A-Za-z]{6})$/.exec(text);
  return match?.[1] !== undefined && checksumOf(match[1]) !== match[2];
};

let secrets: Buffer[] | undefined;
const keyedSecrets = (): Buffer[] => {
  secrets ??= getEnv().API_KEY_SECRET.map((one) => Buffer.from(hkdfSync("sha256", one, "mlqueue", "api keys", 32)));
  return secrets;
};

/**
 * What may be kept of a key, the first of which is: with a copy of the database alone nobody can try out short texts that were
 * registered. The others stand for secrets that came before API_KEY_SECRET's first one.
 */
export const keyedHashes = (text: string): [string, ...string[]] => {
  const [first, ...others] = keyedSecrets().map(
    (secret) => `v1:${createHmac("sha256", secret).update(text).digest("hex")}`,
  );
  if (first === undefined) throw new Error("API_KEY_SECRET is empty.");
  return [first, ...others];
};

export const keyedHash = (text: string): string => keyedHashes(text)[0];

/** What was kept before that. */
export const plainHash = (text: string): string => createHash("sha256").update(text).digest("hex");
