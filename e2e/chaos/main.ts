// The long form, as scripts/chaos.mjs calls it: --seed --tasks --minutes --faults, --only=FAULT, --mutations, --mutation=NAME,
// --beside=GIT_REF, --hostile=PROGRAMS --user=ACCOUNT
import { cpSync, mkdirSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { parseArgs } from "node:util";
import { idsOf } from "../../scripts/lib/unprivileged.mjs";
import { buildVersion } from "./beside";
import { clockLibrary } from "./clock";
import { FAULTS, type Fault, faultNamed } from "./faults";
import { type GateOptions, runGate, type Verdict } from "./gate";
import { runHostile } from "./hostile";
import { buildMutant, redTests } from "./mutant";
import { MUTATIONS, type Mutation } from "./mutations";
import { countBy, reportOf } from "./report";
import { seeded, shuffled } from "./seeded";

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
    tasks: { type: "string", default: "1000" },
    minutes: { type: "string", default: "30" },
    faults: { type: "string", default: "60" },
    only: { type: "string", multiple: true },
    mutations: { type: "boolean", default: false },
    mutation: { type: "string", multiple: true },
    beside: { type: "string" },
    hostile: { type: "string" },
    user: { type: "string" },
  },
});

const numberOf = (name: "seed" | "tasks" | "minutes" | "faults" | "hostile"): number => {
  const number = Number(values[name]);
  if (!Number.isFinite(number) || number < 0) throw new Error(`--${name}=${values[name]} is no number.`);
  return number;
};

/** Each kind in turn, in a new order each round. */
const order = (count: number, seed: number): Fault[] => {
  const random = seeded(seed);
  const kinds = values.only?.map(faultNamed) ?? FAULTS;
  const chosen: Fault[] = [];
  for (let round = 0; chosen.length < count; round++) {
    const now = values.only || round % 4 === 0 ? kinds : kinds.filter((kind) => !kind.isLong);
    chosen.push(...shuffled(random, now));
  }
  return chosen.slice(0, count);
};

const { MLQUEUE_DIST: dist, DATA_DIR: home } = process.env;
if (!dist || !home) throw new Error("MLQUEUE_DIST and DATA_DIR are not set: run it with `npm run chaos`.");
const say = (sentence: string) => console.log(`${new Date().toISOString().slice(11, 19)} ${sentence}`);

/** Runs the gate in a folder of its own. Where something was violated, the logs are kept. */
const run = async (
  name: string,
  options: Pick<GateOptions, "dist" | "seed" | "tasks" | "faults" | "say"> & Partial<GateOptions>,
): Promise<Verdict> => {
  const dataDir = join(home, name);
  mkdirSync(dataDir, { recursive: true });
  const verdict = await runGate({ dataDir, env: process.env, ...options });
  if (verdict.violations.length > 0) {
    const kept = join(home, "..", "chaos-logs", `${name}-${options.seed}`);
    cpSync(join(dataDir, "logs"), kept, { recursive: true });
    say(`The logs are kept in ${relative(process.cwd(), kept)}.`);
  }
  rmSync(dataDir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  return verdict;
};

/** Of a mutant no more is asked than that something is told. */
const MUTANT_TASKS = 120;
const MUTANT_PATIENCE_MS = 25_000;
const ROUNDS = 12;

/** @returns whether the gate told the fault */
const isToldByGate = async (mutation: Mutation, seed: number): Promise<boolean> => {
  const log = join(home, "logs", "mutants.log");
  const { rounds = ROUNDS, faults, kinds, backlog } = mutation;
  const mutant = await buildMutant(mutation, dist, log);
  const verdict = await run(mutation.name, {
    dist: mutant,
    pagesOf: dist,
    seed,
    tasks: MUTANT_TASKS,
    kinds,
    backlog,
    faults: Array.from({ length: rounds }, (_, n) => faultNamed(faults[n % faults.length] ?? "")),
    patienceMs: MUTANT_PATIENCE_MS,
    say: () => {},
  });
  rmSync(mutant, { recursive: true });
  const isTold = verdict.violations.length > 0;
  const told = countBy(verdict.violations, (one) => one.invariant) || "no violation";
  say(
    `${isTold ? "caught    " : "NOT caught"} ${mutation.name} (without ${mutation.takes}), ${verdict.seconds} s: ${told}`,
  );
  for (const { invariant, taskId, what } of verdict.violations.slice(0, 2))
    say(`  ${invariant} ${taskId ?? ""} ${what}`);
  return isTold;
};

const judge = async (mutation: Mutation, seed: number): Promise<boolean> => {
  if (!mutation.hides) return isToldByGate(mutation, seed);
  const { because, test } = mutation.hides;
  const red = await redTests(mutation, test, join(home, mutation.name));
  say(
    `${red.length > 0 ? "caught    " : "NOT caught"} ${mutation.name} (without ${mutation.takes}), by ${test}: ${because}`,
  );
  for (const name of red) say(`  red: ${name}`);
  return red.length > 0;
};

const judgeAll = async (seed: number): Promise<number> => {
  const chosen = MUTATIONS.filter(({ name }) => values.mutation?.includes(name) ?? true);
  if (chosen.length === 0)
    throw new Error(`There is no such mutation: there are ${MUTATIONS.map(({ name }) => name).join(", ")}.`);
  let caught = 0;
  let missed = 0;
  for (const mutation of chosen)
    if (await judge(mutation, seed)) caught++;
    else missed++;
  console.log(`${caught} of ${chosen.length} mutations were caught, ${missed} missed`);
  return missed === 0 ? 0 : 1;
};

/** @returns the exit code */
const judgeHostile = async (): Promise<number> => {
  const dataDir = join(home, "hostile");
  mkdirSync(dataDir, { recursive: true });
  const ids = values.user === undefined ? undefined : idsOf(values.user);
  if (ids === null) throw new Error(`There is no account ${values.user}.`);
  const { violations, counts, seconds } = await runHostile({
    dist,
    dataDir,
    env: process.env,
    programs: numberOf("hostile"),
    ids,
    say,
  });
  const ended = Object.entries(counts).map(([status, count]) => `${count} × ${status}`);
  console.log(
    `${values.hostile} programs that do not want to end, as ${values.user ?? "ourselves"}, ${seconds} s: ${ended}`,
  );
  console.log(`${violations.length} violations`);
  for (const one of violations.slice(0, 20)) console.log(`  ${one}`);
  return violations.length === 0 ? 0 : 1;
};

if (values.hostile !== undefined) process.exit(await judgeHostile());
const seed = numberOf("seed");
console.log(`seed ${seed}`);
if (values.mutations || values.mutation) process.exit(await judgeAll(seed));
if (clockLibrary() === null)
  console.log("No clock is set: libfaketime was not found (Debian's package faketime has it).");
const beside =
  values.beside === undefined
    ? undefined
    : await buildVersion(values.beside, dist, join(home, "beside"), join(home, "logs", "beside.log"));
const verdict = await run("chaos", {
  dist,
  beside,
  seed,
  tasks: numberOf("tasks"),
  faults: order(numberOf("faults"), seed),
  endAt: Date.now() + numberOf("minutes") * 60_000,
  say,
});
for (const line of reportOf(verdict)) console.log(line);
process.exit(verdict.violations.length > 0 ? 1 : 0);
