import { NewTaskPage } from "../../../../tasks/ui/new-task-page";
import { PageTitle } from "../../../page-title";

const Page = () => (
  <>
    <PageTitle title="title.newTask" />
    <NewTaskPage />
  </>
);

export default Page;
