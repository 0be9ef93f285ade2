import { existsSync, readdirSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { explainEnd } from "./executors/explain-end";
import { Launcher } from "./executors/launcher";
import { startProgram } from "./executors/process";
import { limitProcesses, limitsHere, memoryLimit } from "./limits";

let launcher: Launcher | null = null;
beforeAll(async () => {
  launcher = await Launcher.start();
});
afterAll(() => launcher?.close());

let count = 0;
const run = async (argv: string[], memoryMb: number) => {
  const mark = { taskId: `task_limits_${process.pid}_${++count}`, attempt: 1 };
  const env = { PATH: process.env.PATH ?? "", MLQUEUE_TASK_ID: mark.taskId, MLQUEUE_ATTEMPT: "1" };
  const program = await startProgram({ argv, cwd: "/", env, mark, memoryMb }, launcher);
  let text = "";
  for (const stream of [program.stdout, program.stderr]) stream.on("data", (chunk: Buffer) => (text += chunk));
  const end = await program.ended;
  return { end, text, limit: memoryLimit(mark, memoryMb) };
};
const takes = (mb: number): string[] => [
  process.execPath,
  "-e",
  `console.log(Buffer.alloc(${mb} * 2 ** 20, 1).length)`,
];

describe.skipIf(!limitsHere().memory)("memory", () => {
  test("a program that takes more than its task says is killed, and told why", async () => {
    const { end, limit } = await run(takes(400), 200);
    expect(end).toMatchObject({ signal: "SIGKILL", reason: "exited", oomKilled: true, overMemoryMb: 200 });
    expect(explainEnd(end, [], null)).toEqual({
      errorKind: "out_of_memory",
      message: "The program used more memory than its 200 MiB (resources.memory_mb) and was killed (by SIGKILL).",
    });
    expect(existsSync(limit?.folder ?? "")).toBe(false);
  });

  test("it counts what the program starts, and a parent that lives on says so with its own end", async () => {
    const { end } = await run(
      [
        "sh",
        "-c",
        `${takes(400)
          .map((part) => `'${part}'`)
          .join(" ")} || exit 3`,
      ],
      200,
    );
    expect(end).toMatchObject({ exitCode: 3, overMemoryMb: 200 });
  });

  test("who stays below is left alone, and without a limit all is allowed", async () => {
    for (const memoryMb of [400, 0]) {
      const { end, text } = await run(takes(100), memoryMb);
      expect([end.exitCode, end.oomKilled, text.trim()]).toEqual([0, false, String(100 * 2 ** 20)]);
    }
  });
});

test.skipIf(!limitsHere().processes)("a fork bomb finds an end, and leaves nothing", async () => {
  const own = await Launcher.start();
  const pid = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((one) => {
      try {
        return (
          readFileSync(`/proc/${one}/cmdline`, "latin1").includes("launcher.pl") &&
          readFileSync(`/proc/${one}/stat`, "latin1").includes(` ${process.pid} `)
        );
      } catch {
        // Ended meanwhile.
        return false;
      }
    })
    .at(-1);
  limitProcesses(pid ?? 0, 40);
  const mark = { taskId: `task_limits_${process.pid}_bomb`, attempt: 1 };
  const env = { PATH: process.env.PATH ?? "", MLQUEUE_TASK_ID: mark.taskId, MLQUEUE_ATTEMPT: "1" };
  const argv = ["sh", "-c", "for n in $(seq 200); do sleep 300 & done; echo unreachable"];
  const program = await startProgram({ argv, cwd: "/", env, mark }, own);
  let text = "";
  for (const stream of [program.stdout, program.stderr]) stream.on("data", (chunk: Buffer) => (text += chunk));
  const end = await program.ended;
  expect(end.exitCode).not.toBe(0);
  expect(text).toContain("fork");
  await own?.close();
});
