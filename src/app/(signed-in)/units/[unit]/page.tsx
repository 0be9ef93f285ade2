import { UnitPage } from "../../../../runs/ui/unit-page";

const Page = async ({ params }: { params: Promise<{ unit: string }> }) => {
  const { unit } = await params;
  return <UnitPage key={unit} unitId={decodeURIComponent(unit)} />;
};

export default Page;
