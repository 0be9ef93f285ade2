import { ServerProvider } from "../../ui/trpc";
import { PageTitle } from "../page-title";
import { InvitationForm } from "./invitation-form";

const Page = () => (
  <ServerProvider>
    <PageTitle title="title.invitation" />
    <InvitationForm />
  </ServerProvider>
);

export default Page;
