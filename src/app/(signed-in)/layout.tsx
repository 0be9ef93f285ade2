import { headers } from "next/headers";
import { redirect } from "next/navigation";
import { getServerSession } from "next-auth";
import type { ReactNode } from "react";
import { authOptions } from "../../accounts/auth-options";
import { findUser } from "../../accounts/users";
import { PATH_HEADER } from "../../proxy";
import { signInPath } from "../../ui/sign-in-path";
import { SignedInShell } from "./signed-in-shell";

/** Pages for those who are signed in; the others go to the sign-in page and come back. */
const SignedInLayout = async ({ children }: { children: ReactNode }) => {
  const session = await getServerSession(authOptions);
  const user = session?.user.id ? await findUser(session.user.id) : null;
  if (!user) redirect(signInPath((await headers()).get(PATH_HEADER) ?? "/"));
  const { userId, email, role, tier } = user;
  return <SignedInShell me={{ userId, email, role, tier }}>{children}</SignedInShell>;
};

export default SignedInLayout;
