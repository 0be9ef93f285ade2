import { GroupsPage } from "../../../runs/ui/groups-page";

const Page = () => <GroupsPage />;

export default Page;
