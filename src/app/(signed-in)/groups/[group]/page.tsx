import { GroupPage } from "../../../../runs/ui/group-page";

const Page = async ({ params }: { params: Promise<{ group: string }> }) => {
  const { group } = await params;
  return <GroupPage key={group} groupId={decodeURIComponent(group)} />;
};

export default Page;
