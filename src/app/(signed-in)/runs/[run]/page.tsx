import { RunPage } from "../../../../runs/ui/run-page";

const Page = async ({ params }: { params: Promise<{ run: string }> }) => {
  const { run } = await params;
  return <RunPage key={run} runId={decodeURIComponent(run)} />;
};

export default Page;
