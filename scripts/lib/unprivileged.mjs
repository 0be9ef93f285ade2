// PostgreSQL refuses to run as root: how to run it all the same, best way first.
import { execFileSync, spawnSync } from "node:child_process";
import { lstatSync } from "node:fs";
import { Trouble } from "./project.mjs";

export const idsOf = (user) => {
  const id = (flag) =>
    Number(execFileSync("id", [flag, user], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }));
  try {
    return { uid: id("-u"), gid: id("-g") };
  } catch {
    return null;
  }
};

let found;

/**
 * How to start a program as somebody else than root.
 *
 * `unshare --user` only renames root inside: no account is needed and no file changes hands. Else the program runs as
 * postgres or nobody, which must own the data folder and be able to reach it. The pid is the program's own both ways.
 *
 * @returns {{prefix: string[], ids: {uid?: number, gid?: number}, own: (folder: string) => void}}
 *   prefix: words to put before the command; ids: for spawn; own: gives a folder to whom the program then is
 * @throws Trouble when there is no way
 */
export const unprivileged = () => {
  found ??= find();
  return found;
};

const giveTo = (uid, gid) => (folder) => {
  if (lstatSync(folder).uid !== uid) execFileSync("chown", ["-R", `${uid}:${gid}`, folder]);
};

const find = () => {
  if (process.getuid?.() !== 0) return { prefix: [], ids: {}, own: () => {} };
  const unshare = ["--user", "--map-user=1000", "--map-group=1000"];
  const works = spawnSync("unshare", [...unshare, "true"], { stdio: "ignore", cwd: "/" }).status === 0;
  if (works) return { prefix: ["unshare", ...unshare], ids: {}, own: giveTo(0, 0) };
  const one = idsOf("postgres") ?? idsOf("nobody");
  if (one) return { prefix: [], ids: one, own: giveTo(one.uid, one.gid) };
  throw new Trouble(
    "PostgreSQL refuses to run as root, and this machine has neither `unshare --user` nor an account postgres or nobody: run MLQueue as an ordinary user, or set DATABASE_URL.",
  );
};
