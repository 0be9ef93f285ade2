// PURE. The environment of a program: nothing of the worker's own but a list of harmless names.

/** What programs need to find themselves and their libraries. Everything else stays with the worker: it holds its secrets. */
const INHERITED = new Set([
  "PATH",
  "HOME",
  "USER",
  "LOGNAME",
  "SHELL",
  "LANG",
  "LANGUAGE",
  "TZ",
  "TERM",
  "TMPDIR",
  "TMP",
  "TEMP",
  "LD_LIBRARY_PATH",
  "DYLD_LIBRARY_PATH",
  "PYTHONPATH",
  "PYTHONHOME",
  "VIRTUAL_ENV",
  "PYENV_ROOT",
  "PYENV_VERSION",
  "OMP_NUM_THREADS",
  "MKL_NUM_THREADS",
  "SSL_CERT_FILE",
  "SSL_CERT_DIR",
  "REQUESTS_CA_BUNDLE",
  "NODE_EXTRA_CA_CERTS",
  "XDG_CACHE_HOME",
  "XDG_CONFIG_HOME",
  "XDG_DATA_HOME",
  "XDG_RUNTIME_DIR",
  "HF_HOME",
  "TORCH_HOME",
  "NO_PROXY",
  "no_proxy",
]);
const INHERITED_GROUPS = /^(LC|CUDA|NVIDIA|NCCL|CONDA)_[A-Z0-9_]+$/;
/** NVIDIA_API_KEY and its kind match a group above and are secrets all the same. */
const SECRET = /KEY|TOKEN|SECRET|PASS|CREDENTIAL|AUTH/i;
const PROXY = /^(https?|ftp|all)_proxy$/i;
/** `http://name:password@proxy`: a proxy with a sign-in is not handed on. */
const WITH_SIGN_IN = /\/\/[^/]*@|^[^/]*@/;

const isInherited = (name: string, value: string): boolean =>
  PROXY.test(name)
    ? !WITH_SIGN_IN.test(value)
    : INHERITED.has(name) || (INHERITED_GROUPS.test(name) && !SECRET.test(name));

/** What programs inherit of the worker's environment: looked through once, since reading process.env costs 1 ms. */
export const inheritableEnv = (environment: Record<string, string | undefined>): Record<string, string> => {
  const env: Record<string, string> = { PATH: "/usr/local/bin:/usr/bin:/bin" };
  for (const [name, value] of Object.entries(environment))
    if (value !== undefined && isInherited(name, value)) env[name] = value;
  return env;
};

export type ProgramEnvInput = {
  /** of inheritableEnv */
  inherited: Record<string, string>;
  task: { taskId: string; attempt: number; env: Record<string, string> };
  paths: {
    /** JSON of the config, to read */
    config: string;
    /** JSON of the result, to write */
    result: string;
    /** JSON lines, to append to */
    metrics: string;
    /** a folder that is kept across attempts */
    checkpointDir: string;
    dataDir: string;
  };
  /** ids handed to this attempt; null when the worker hands out none and the program may see what it finds */
  gpus: string[] | null;
};

/** The task's own variables win over inherited ones, and ours over both. */
export const programEnv = ({ inherited, task, paths, gpus }: ProgramEnvInput): Record<string, string> => {
  const env = { ...inherited };
  // Buffered output would show only at the end.
  env.PYTHONUNBUFFERED = "1";
  Object.assign(env, task.env, {
    MLQUEUE_TASK_ID: task.taskId,
    MLQUEUE_ATTEMPT: String(task.attempt),
    MLQUEUE_CONFIG: paths.config,
    MLQUEUE_RESULT: paths.result,
    MLQUEUE_METRICS: paths.metrics,
    MLQUEUE_CHECKPOINT_DIR: paths.checkpointDir,
    MLQUEUE_DATA_DIR: paths.dataDir,
  });
  // Empty text hides every GPU from a program that asked for none.
  if (gpus !== null) env.CUDA_VISIBLE_DEVICES = gpus.join(",");
  return env;
};
