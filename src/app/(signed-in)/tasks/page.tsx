import { TasksPage } from "../../../tasks/ui/tasks-page";
import { PageTitle } from "../../page-title";

const Page = () => (
  <>
    <PageTitle title="title.tasks" />
    <TasksPage />
  </>
);

export default Page;
