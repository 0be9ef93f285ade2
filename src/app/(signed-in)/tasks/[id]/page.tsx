import { TaskPage } from "../../../../tasks/ui/task-page";

const Page = async ({ params }: { params: Promise<{ id: string }> }) => {
  const { id } = await params;
  return <TaskPage key={id} taskId={decodeURIComponent(id)} />;
};

export default Page;
