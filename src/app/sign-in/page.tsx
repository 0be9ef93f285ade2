import { redirect } from "next/navigation";
import { getServerSession } from "next-auth";
import { authOptions } from "../../accounts/auth-options";
import { isSetUp } from "../../accounts/first-account";
import { configuredProviders } from "../../accounts/providers";
import { safeReturnPath } from "../../ui/sign-in-path";
import { PageTitle } from "../page-title";
import { type Problem, SignInForm } from "./sign-in-form";

/** What next-auth, or our refusal of an identity, says in the address. */
const problemOf = (error: string | string[] | undefined): Problem | null => {
  switch (error) {
    case undefined:
    case "CredentialsSignin":
    case "SessionRequired":
      return null;
    case "NotVerified":
    case "UnknownEmail":
    case "AccountOff":
      return `signIn.refused.${error}`;
    default:
      return "signIn.providerFailed";
  }
};

const Page = async ({ searchParams }: { searchParams: Promise<Record<string, string | string[] | undefined>> }) => {
  if (!(await isSetUp())) redirect("/setup");
  const { from, callbackUrl, error } = await searchParams;
  const wanted = from ?? callbackUrl;
  const returnPath = safeReturnPath(typeof wanted === "string" ? wanted : null);
  const session = await getServerSession(authOptions);
  if (session?.user.id) redirect(returnPath);
  return (
    <>
      <PageTitle title="title.signIn" />
      <SignInForm
        returnPath={returnPath}
        providers={configuredProviders().map(({ id, name }) => ({ id, name }))}
        problem={problemOf(error)}
      />
    </>
  );
};

export default Page;
