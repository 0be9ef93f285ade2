import { notFound } from "next/navigation";
import { getServerSession } from "next-auth";
import { authOptions } from "../../../accounts/auth-options";
import { standingOf } from "../../../accounts/users";
import { AdminPage } from "./admin-page";

/** For owners; the others need not know that there is such a page. */
const Page = async () => {
  const session = await getServerSession(authOptions);
  const userId = session?.user.id ?? "";
  const standing = userId === "" ? null : await standingOf(userId);
  if (standing?.role !== "owner") notFound();
  return <AdminPage myId={userId} />;
};

export default Page;
