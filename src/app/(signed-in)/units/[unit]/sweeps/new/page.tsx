import { SweepNewPage } from "../../../../../../runs/ui/sweep-new-page";

const Page = async ({ params }: { params: Promise<{ unit: string }> }) => {
  const { unit } = await params;
  return <SweepNewPage key={unit} unitId={decodeURIComponent(unit)} />;
};

export default Page;
