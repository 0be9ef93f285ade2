import { signIn } from "next-auth/react";

/** Signs in with a password that was set just now, and goes to the first page; where that fails, to the sign-in page. */
export const enter = async (email: string, password: string): Promise<void> => {
  const outcome = await signIn("credentials", { redirect: false, email, password });
  window.location.assign(outcome?.ok && !outcome.error ? "/" : "/sign-in");
};
