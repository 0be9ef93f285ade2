import { randomBytes } from "node:crypto";
import { hash, verify } from "@node-rs/argon2";

/** Argon2id with the library's settings (19 MiB, 2 passes), which are OWASP's minimum. */
export const hashPassword = (password: string): Promise<string> => hash(password);

let nobody: Promise<string> | undefined;

/**
 * Whether the password is the one that was hashed.
 *
 * Without a hash it takes as long and says no, so that the time does not tell whether an account exists.
 */
export const isPassword = async (passwordHash: string | null, password: string): Promise<boolean> => {
  nobody ??= hashPassword(randomBytes(16).toString("hex"));
  const matches = await verify(passwordHash ?? (await nobody), password);
  return matches && passwordHash !== null;
};
