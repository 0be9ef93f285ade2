import { expect, test } from "vitest";
import { inheritableEnv, programEnv } from "./program-env";

const paths = {
  config: "/a/config.json",
  result: "/a/result.json",
  metrics: "/a/metrics.jsonl",
  checkpointDir: "/a/checkpoints",
  dataDir: "/d",
};
const make = (inherited: Record<string, string>, env: Record<string, string> = {}, gpus: string[] | null = []) =>
  programEnv({ inherited: inheritableEnv(inherited), task: { taskId: "task_1", attempt: 2, env }, paths, gpus });

test("a program gets its files, its task and an unbuffered Python", () => {
  expect(make({})).toEqual({
    PATH: "/usr/local/bin:/usr/bin:/bin",
    PYTHONUNBUFFERED: "1",
    MLQUEUE_TASK_ID: "task_1",
    MLQUEUE_ATTEMPT: "2",
    MLQUEUE_CONFIG: "/a/config.json",
    MLQUEUE_RESULT: "/a/result.json",
    MLQUEUE_METRICS: "/a/metrics.jsonl",
    MLQUEUE_CHECKPOINT_DIR: "/a/checkpoints",
    MLQUEUE_DATA_DIR: "/d",
    CUDA_VISIBLE_DEVICES: "",
  });
});

test("none of the worker's secrets is handed on", () => {
  const secrets = {
    DATABASE_URL: "postgres://s",
    REDIS_URL: "redis://s",
    DB_PASSWORD: "s",
    JWT_SECRET: "s",
    NEXTAUTH_SECRET: "s",
    AWS_SECRET_ACCESS_KEY: "s",
    NVIDIA_API_KEY: "s",
    CONDA_TOKEN: "s",
    NODE_OPTIONS: "s",
    LD_PRELOAD: "s",
    https_proxy: "http://me:s@proxy:3128",
    HTTP_PROXY: "me:s@proxy:1",
    MLQUEUE_ROOT: "s",
    BOOTSTRAP_API_KEY: "s",
  };
  const env = make(secrets);
  for (const name of Object.keys(secrets)) expect(env).not.toHaveProperty(name);
});

test("what programs need to run is", () => {
  const harmless = {
    PATH: "/x",
    HOME: "/h",
    LANG: "C.UTF-8",
    LC_ALL: "C",
    TZ: "UTC",
    TMPDIR: "/t",
    LD_LIBRARY_PATH: "/l",
    CUDA_HOME: "/c",
    NVIDIA_DRIVER_CAPABILITIES: "all",
    VIRTUAL_ENV: "/v",
    CONDA_PREFIX: "/p",
    https_proxy: "http://proxy:3128",
    no_proxy: "localhost",
  };
  expect(make(harmless)).toMatchObject(harmless);
});

test("the task's variables win over inherited ones, and ours over both", () => {
  expect(
    make(
      { HOME: "/h", TZ: "UTC" },
      { HOME: "/task", WANDB_API_KEY: "its own", MLQUEUE_RESULT: "/etc/passwd", PYTHONUNBUFFERED: "" },
    ),
  ).toMatchObject({
    HOME: "/task",
    TZ: "UTC",
    WANDB_API_KEY: "its own",
    MLQUEUE_RESULT: "/a/result.json",
    PYTHONUNBUFFERED: "",
  });
});

test("GPUs are those that were handed out; where none are, the program sees what it finds", () => {
  expect(make({ CUDA_VISIBLE_DEVICES: "0,1" }, {}, ["3", "5"]).CUDA_VISIBLE_DEVICES).toBe("3,5");
  expect(make({ CUDA_VISIBLE_DEVICES: "0,1" }, { CUDA_VISIBLE_DEVICES: "1" }, []).CUDA_VISIBLE_DEVICES).toBe("");
  expect(make({ CUDA_VISIBLE_DEVICES: "0,1" }, {}, null).CUDA_VISIBLE_DEVICES).toBe("0,1");
});
