// The load generator, autocannon, in a process of its own.
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";

const autocannon = createRequire(import.meta.url).resolve("autocannon");

export type Load = {
  address: string;
  method: "GET" | "POST";
  apiKey: string;
  connections: number;
  seconds: number;
  body?: unknown;
};

type Output = { "2xx": number; non2xx: number; errors: number; timeouts: number; duration: number };

const send = async (args: string[]): Promise<Output> => {
  const { stdout } = await promisify(execFile)(process.execPath, [autocannon, "--json", ...args], {
    maxBuffer: 1 << 26,
  });
  return JSON.parse(stdout) as Output;
};

/** @returns answered requests per second @throws Error when one was refused: a refusal costs less than what is measured */
export const requestsPerSecond = async (load: Load): Promise<number> => {
  const folder = mkdtempSync(path.join(tmpdir(), "mlqueue-bench-"));
  try {
    const args = ["-c", String(load.connections), "-d", String(load.seconds), "-m", load.method];
    args.push("-H", `Authorization=Bearer ${load.apiKey}`, "-H", "Content-Type=application/json");
    if (load.body !== undefined) {
      const file = path.join(folder, "body.json");
      writeFileSync(file, JSON.stringify(load.body));
      args.push("-i", file);
    }
    const output = await send([...args, load.address]);
    const refused = output.non2xx + output.errors + output.timeouts;
    if (refused > 0) throw new Error(`${refused} of the requests to ${load.address} were not answered with 2xx.`);
    return output["2xx"] / output.duration;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

/** An answer that was not 2xx. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

/** One request on a kept connection. @returns its answer and the milliseconds until it was read @throws Refused unless 2xx */
export const ask = async <T>(
  url: string,
  apiKey: string,
  request: { method?: "GET" | "POST"; body?: string } = {},
): Promise<{ answer: T; ms: number }> => {
  const startedAt = performance.now();
  const response = await fetch(url, {
    method: request.method ?? "GET",
    headers: { Authorization: `Bearer ${apiKey}`, "Content-Type": "application/json" },
    body: request.body ?? null,
  });
  const text = await response.text();
  const ms = performance.now() - startedAt;
  if (!response.ok) throw new Refused(response.status, `${url} answered ${response.status}: ${text.slice(0, 300)}`);
  return { answer: JSON.parse(text) as T, ms };
};
