// A Redis server program: from PATH, else unpacked from the Debian or Ubuntu packages into .local/, which needs no root.
import { accessSync, constants, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import { run } from "./command.mjs";
import { LOCAL_DIR, Trouble } from "./project.mjs";

const HOME = path.join(LOCAL_DIR, "redis");

/** The first of the named programs on PATH, as an absolute path; null when there is none. */
export const onPath = (names, search = process.env.PATH ?? "") => {
  for (const name of names)
    for (const folder of search.split(path.delimiter).filter(Boolean)) {
      const file = path.join(folder, name);
      try {
        accessSync(file, constants.X_OK);
        return file;
      } catch {
        // Not here.
      }
    }
  return null;
};

/** Folders with shared libraries below an unpacked root: what LD_LIBRARY_PATH must name. */
const libraryFolders = (root) => {
  if (!existsSync(root)) return [];
  const entries = readdirSync(root, { recursive: true, withFileTypes: true });
  const holds = entries.filter((entry) => /\.so(\.|$)/.test(entry.name)).map((entry) => entry.parentPath ?? entry.path);
  return [...new Set(holds)];
};

const environment = (root) => {
  const folders = libraryFolders(root);
  return {
    ...process.env,
    LC_ALL: "C",
    LD_LIBRARY_PATH: [...folders, process.env.LD_LIBRARY_PATH].filter(Boolean).join(":"),
  };
};

const missingLibraries = async (root, program) => {
  const { stdout } = await run("ldd", [program], { env: environment(root), capture: true });
  return [...stdout.matchAll(/^\s*(\S+) => not found/gm)].map((match) => match[1]);
};

const unpacked = () => {
  const program = path.join(HOME, "usr/bin/redis-server");
  return existsSync(program) ? { program, env: environment(HOME) } : null;
};

/**
 * apt-get download, after apt-get update where the lists are empty.
 *
 * Without root the second try keeps lists of its own.
 */
const downloader = (folder, log) => {
  let own = [];
  let updated = false;
  const fetch = (names) => run("apt-get", [...own, "download", "-q", ...names], { cwd: folder, env: process.env, log });
  return async (names) => {
    if ((await fetch(names)).code === 0) return true;
    if (updated) return false;
    updated = true;
    if (process.getuid() !== 0) {
      const mine = path.join(folder, "apt");
      mkdirSync(path.join(mine, "lists/partial"), { recursive: true });
      mkdirSync(path.join(mine, "cache/archives/partial"), { recursive: true });
      own = ["-o", `Dir::State::Lists=${mine}/lists`, "-o", `Dir::Cache=${mine}/cache`, "-o", "Debug::NoLocking=1"];
    }
    await run("apt-get", [...own, "update", "-q"], { cwd: folder, env: process.env, log });
    return (await fetch(names)).code === 0;
  };
};

/** Unpacks redis-server and, round by round, the packages it depends on, until the linker finds every library. */
const unpackDebian = async (log) => {
  const making = `${HOME}.${process.pid}`;
  rmSync(making, { recursive: true, force: true });
  const debs = path.join(making, "debs");
  const root = path.join(making, "root");
  mkdirSync(debs, { recursive: true });
  mkdirSync(root, { recursive: true });
  try {
    const download = downloader(debs, log);
    const program = path.join(root, "usr/bin/redis-server");
    const seen = new Set(["libc6"]);
    let wanted = ["redis-server", "redis-tools"];
    for (let round = 0; round < 6; round++) {
      for (const name of wanted) seen.add(name);
      if (wanted.length > 0 && !(await download(wanted))) return null;
      const depends = [];
      for (const deb of readdirSync(debs).filter((name) => name.endsWith(".deb"))) {
        const { stdout } = await run("dpkg-deb", ["-f", path.join(debs, deb), "Depends"], {
          env: process.env,
          capture: true,
        });
        depends.push(...stdout.split(/[,|]/).map((one) => one.trim().split(/[ (:]/)[0]));
        await run("dpkg-deb", ["-x", path.join(debs, deb), root], { env: process.env, log });
      }
      if (existsSync(program) && (await missingLibraries(root, program)).length === 0) {
        rmSync(HOME, { recursive: true, force: true });
        renameSync(root, HOME);
        return unpacked();
      }
      wanted = depends.filter((name) => /^lib|^lua/.test(name) && !seen.has(name) && !isInstalled(name));
      wanted = [...new Set(wanted)];
      if (wanted.length === 0) return null;
    }
    return null;
  } finally {
    rmSync(making, { recursive: true, force: true });
  }
};

const isInstalled = (name) => {
  for (const file of [
    `/var/lib/dpkg/info/${name}.list`,
    `/var/lib/dpkg/info/${name}:${{ x64: "amd64" }[process.arch] ?? process.arch}.list`,
  ])
    if (existsSync(file)) return true;
  return false;
};

const isDebianLike = () => {
  try {
    return (
      /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(readFileSync("/etc/os-release", "utf8")) &&
      onPath(["apt-get"]) !== null &&
      onPath(["dpkg-deb"]) !== null
    );
  } catch {
    return false;
  }
};

const howToInstall = () => {
  if (process.platform === "darwin") return "`brew install redis`";
  if (onPath(["apt-get"])) return "`sudo apt-get install redis-server`";
  if (onPath(["dnf"])) return "`sudo dnf install redis` (or valkey)";
  if (onPath(["apk"])) return "`apk add redis` (or valkey)";
  if (onPath(["pacman"])) return "`sudo pacman -S valkey`";
  return "your system's package manager to install redis";
};

/**
 * Finds a server program, unpacking one if need be.
 *
 * @returns {Promise<{program: string, env: object}>}
 * @throws Trouble that names the command to run
 */
export const findRedis = async (log) => {
  const installed = onPath(["valkey-server", "redis-server"]);
  if (installed) return { program: installed, env: process.env };
  const found = unpacked() ?? (isDebianLike() ? await unpackDebian(log) : null);
  if (found) return found;
  throw new Trouble(`No Redis was found: run ${howToInstall()} and start again, or set REDIS_URL.`, {
    log: isDebianLike() ? log : undefined,
  });
};
