import { headers } from "next/headers";
import { redirect } from "next/navigation";
import { getServerSession } from "next-auth";
import type { ReactNode } from "react";
import { authOptions } from "../../accounts/auth-options";
import { PATH_HEADER } from "../../proxy";
import { signInPath } from "../../ui/sign-in-path";
import { SignedInShell } from "./signed-in-shell";

/** Pages for those who are signed in; the others go to the sign-in page and come back. */
const SignedInLayout = async ({ children }: { children: ReactNode }) => {
  const session = await getServerSession(authOptions);
  if (!session?.user.id) redirect(signInPath((await headers()).get(PATH_HEADER) ?? "/"));
  return (
    <SignedInShell userId={session.user.id} email={session.user.email}>
      {children}
    </SignedInShell>
  );
};

export default SignedInLayout;
