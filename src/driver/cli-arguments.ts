// PURE. `mlqueue driver run -u GROUP/UNIT [options] -- PROGRAM [ARGUMENT…]`
import { parseArgs } from "node:util";

export const USAGE = `mlqueue driver run -u GROUP/UNIT [options] -- PROGRAM [ARGUMENT…]

Runs each run of the unit as a program. {params} stands for the run's parameters as --name value,
{config.NAME} for one of them. The program finds them as JSON in the file MLQUEUE_CONFIG, too.

  -u, --unit GROUP/UNIT    the unit to take runs from
      --url URL            the server                      (MLQUEUE_URL)
      --name NAME          this driver's name              (MLQUEUE_DRIVER, else the host's name)
  -c, --concurrency N      runs at a time                  (1)
      --create             make group and unit if there are none of these names
      --until-empty        end when no run is pending
      --grace SECONDS      between SIGTERM and SIGKILL     (10)

The key comes from MLQUEUE_API_KEY. SIGTERM or Ctrl-C: no more runs; a second one stops the running ones.
`;

export type DriverRun = {
  unit: string;
  url: string | undefined;
  name: string | undefined;
  concurrency: number;
  create: boolean;
  untilEmpty: boolean;
  graceMs: number;
  command: string[];
};

export type Asked =
  | { kind: "help" }
  | { kind: "version" }
  | { kind: "wrong"; problem: string }
  | { kind: "run"; run: DriverRun };

const wrong = (problem: string): Asked => ({ kind: "wrong", problem });

/** @param args without node and the script */
export const readArguments = (args: string[]): Asked => {
  if (args.length === 0 || args[0] === "help" || args[0] === "--help" || args[0] === "-h") return { kind: "help" };
  if (args[0] === "--version" || args[0] === "-v") return { kind: "version" };
  if (args[0] !== "driver" || args[1] !== "run")
    return wrong(`There is no command ${JSON.stringify(args.slice(0, 2).join(" "))}.`);
  const divider = args.indexOf("--");
  const command = divider === -1 ? [] : args.slice(divider + 1);
  let values: ReturnType<typeof parse>;
  try {
    values = parse(args.slice(2, divider === -1 ? undefined : divider));
  } catch (error) {
    return wrong(error instanceof Error ? error.message : String(error));
  }
  if (values.help) return { kind: "help" };
  if (values.unit === undefined) return wrong("Which unit? Give -u GROUP/UNIT.");
  if (command.length === 0) return wrong("Which program? Give it after --.");
  const concurrency = Number(values.concurrency ?? 1);
  if (!Number.isInteger(concurrency) || concurrency < 1) return wrong("--concurrency must be a whole number from 1.");
  const grace = Number(values.grace ?? 10);
  if (!Number.isFinite(grace) || grace < 0) return wrong("--grace must be a number of seconds.");
  return {
    kind: "run",
    run: {
      unit: values.unit,
      url: values.url,
      name: values.name,
      concurrency,
      create: values.create ?? false,
      untilEmpty: values["until-empty"] ?? false,
      graceMs: grace * 1000,
      command,
    },
  };
};

const parse = (args: string[]) =>
  parseArgs({
    args,
    strict: true,
    options: {
      unit: { type: "string", short: "u" },
      url: { type: "string" },
      name: { type: "string" },
      concurrency: { type: "string", short: "c" },
      create: { type: "boolean" },
      "until-empty": { type: "boolean" },
      grace: { type: "string" },
      help: { type: "boolean", short: "h" },
    },
  }).values;
