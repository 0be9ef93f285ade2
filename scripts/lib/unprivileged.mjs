// PostgreSQL refuses to run as root: how to run it all the same, best way first.
import { execFileSync, spawnSync } from "node:child_process";
import { lstatSync } from "node:fs";
import { Trouble } from "./project.mjs";

const works = (file, args) => spawnSync(file, args, { stdio: "ignore", cwd: "/" }).status === 0;

const idsOf = (user) => {
  const id = (flag) =>
    Number(execFileSync("id", [flag, user], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }));
  try {
    return { user, uid: id("-u"), gid: id("-g") };
  } catch {
    return null;
  }
};

let found;

/**
 * The words to put before a command, and who then owns its files.
 *
 * `unshare --user` only renames root inside: no account is needed and no file changes hands. Else the command runs as
 * postgres or nobody, which must own the data folder and be able to reach it. All of them exec, so the pid stays ours.
 *
 * @returns {{prefix: string[], own: (folder: string) => void}}
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
  if (process.getuid?.() !== 0) return { prefix: [], own: () => {} };
  const unshare = ["--user", "--map-user=1000", "--map-group=1000"];
  if (works("unshare", [...unshare, "true"])) return { prefix: ["unshare", ...unshare], own: giveTo(0, 0) };
  for (const one of ["postgres", "nobody"].map(idsOf)) {
    if (!one) continue;
    const setpriv = [`--reuid=${one.uid}`, `--regid=${one.gid}`, "--clear-groups"];
    if (works("setpriv", [...setpriv, "true"]))
      return { prefix: ["setpriv", ...setpriv], own: giveTo(one.uid, one.gid) };
    const su = ["-s", "/bin/sh", one.user, "-c", 'exec "$0" "$@"', "--"];
    if (works("su", [...su, "true"])) return { prefix: ["su", ...su], own: giveTo(one.uid, one.gid) };
  }
  throw new Trouble(
    "PostgreSQL refuses to run as root and this machine has neither `unshare --user` nor `setpriv` nor `su`: run MLQueue as an ordinary user, or set DATABASE_URL.",
  );
};
