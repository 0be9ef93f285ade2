import { redirect } from "next/navigation";
import { getServerSession } from "next-auth";
import { authOptions } from "../../accounts/auth-options";
import { isSetUp } from "../../accounts/first-account";
import { safeReturnPath } from "../../ui/sign-in-path";
import { PageTitle } from "../page-title";
import { SignInForm } from "./sign-in-form";

const Page = async ({ searchParams }: { searchParams: Promise<Record<string, string | string[] | undefined>> }) => {
  if (!(await isSetUp())) redirect("/setup");
  const { from, callbackUrl } = await searchParams;
  const wanted = from ?? callbackUrl;
  const returnPath = safeReturnPath(typeof wanted === "string" ? wanted : null);
  const session = await getServerSession(authOptions);
  if (session?.user.id) redirect(returnPath);
  return (
    <>
      <PageTitle title="title.signIn" />
      <SignInForm returnPath={returnPath} />
    </>
  );
};

export default Page;
