import { ActivityPage } from "../../../activity/ui/activity-page";

const Page = () => <ActivityPage />;

export default Page;
