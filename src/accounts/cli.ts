// `npm run -s account -- …`: accounts from the command line.
import { closeDb } from "../platform/db";
import { accountCommand } from "./commands";

const { code, out, err } = await accountCommand(process.argv.slice(2));
if (err !== undefined) console.error(err);
if (out !== undefined) console.log(out);
process.exitCode = code;
await closeDb();
