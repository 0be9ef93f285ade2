import { redirect } from "next/navigation";

/** Until there is a page that shows what goes on now, the tasks are the first page. */
const HomePage = () => redirect("/tasks");

export default HomePage;
