import { notFound } from "next/navigation";
import { connection } from "next/server";
import { isSetUp } from "../../accounts/first-account";
import { ServerProvider } from "../../ui/trpc";
import { PageTitle } from "../page-title";
import { SetUpForm } from "./set-up-form";

/** Until there is an account; then never again. */
const Page = async () => {
  await connection();
  if (await isSetUp()) notFound();
  return (
    <ServerProvider>
      <PageTitle title="title.setUp" />
      <SetUpForm />
    </ServerProvider>
  );
};

export default Page;
