// Makers for tests of the surface: accounts with keys.
import { registerKey } from "../accounts/api-keys";
import { newApiKey } from "../accounts/key-text";
import type { Role } from "../accounts/roles";
import { addUser } from "../accounts/users";
import { newId } from "../platform/ids";

export type Account = { userId: string; email: string; password: string; key: string };

export const makeAccount = async (role: Role = "member"): Promise<Account> => {
  const email = `${newId("user")}@example.org`;
  const password = "a password for tests";
  const user = await addUser({ email, password, tier: "standard", role });
  if (!user) throw new Error(`${email} was taken.`);
  const key = newApiKey();
  await registerKey({ userId: user.userId, key, name: "test" });
  return { userId: user.userId, email, password, key };
};
