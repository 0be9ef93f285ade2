// What a driver is not told: from the environment, or sensible.
import { homedir, hostname } from "node:os";
import { join } from "node:path";

/** @throws when neither the option nor the environment names one */
const given = (value: string | undefined, variable: string, what: string): string => {
  const found = value ?? process.env[variable];
  if (!found) throw new Error(`MLQueue: ${what} is missing. Give it as an option, or set ${variable}.`);
  return found;
};

/** Without a slash at the end. */
export const urlOf = (url: string | undefined): string =>
  given(url, "MLQUEUE_URL", "the server's url").replace(/\/+$/, "");

export const apiKeyOf = (apiKey: string | undefined): string => given(apiKey, "MLQUEUE_API_KEY", "the API key");

/** Names a driver over restarts: what an earlier one of the same name could not send is sent by the next. */
export const driverNameOf = (name: string | undefined): string => name ?? process.env.MLQUEUE_DRIVER ?? hostname();

/** Where spools and the files of programs are kept. */
export const stateDirOf = (stateDir: string | undefined): string =>
  stateDir ?? process.env.MLQUEUE_STATE_DIR ?? join(homedir(), ".mlqueue");

/** A name as the name of a folder. */
export const folderName = (name: string): string => encodeURIComponent(name).replaceAll(".", "%2E").slice(0, 200);
