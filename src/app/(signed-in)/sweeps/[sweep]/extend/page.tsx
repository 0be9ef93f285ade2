import { SweepPage } from "../../../../../runs/ui/sweep-page";

const Page = async ({ params }: { params: Promise<{ sweep: string }> }) => {
  const { sweep } = await params;
  return <SweepPage key={sweep} sweepId={decodeURIComponent(sweep)} extending />;
};

export default Page;
