// console.log inside a run also goes to the run's log. Async context tells whose output it is when several runs share the process.
import { AsyncLocalStorage } from "node:async_hooks";
import { LineAssembler } from "../programs/terminal-lines";
import type { Stream } from "./records";

type Sink = (stream: Stream, line: string) => void;
type Store = { assemblers: Record<Stream, LineAssembler>; sink: Sink };

const store = new AsyncLocalStorage<Store>();
let users = 0;
let restore = (): void => {};

const patch = (stream: Stream): (() => void) => {
  const target = process[stream];
  const write = target.write;
  const patched = function (this: NodeJS.WriteStream, ...args: Parameters<typeof write>): boolean {
    const [chunk, encoding] = args;
    const current = store.getStore();
    if (current) {
      const bytes =
        typeof chunk === "string"
          ? Buffer.from(chunk, typeof encoding === "string" ? encoding : "utf8")
          : Buffer.from(chunk);
      current.assemblers[stream].push(bytes, (line) => current.sink(stream, line));
    }
    return write.apply(target, args);
  };
  target.write = patched as typeof write;
  // Somebody who patched it after us keeps theirs.
  return () => {
    if (target.write === patched) target.write = write;
  };
};

/** Runs `run` with its output captured; the terminal shows it all the same. */
export const captureOutput = async <T>(sink: Sink, run: () => Promise<T>): Promise<T> => {
  if (users++ === 0) {
    const undo = [patch("stdout"), patch("stderr")];
    restore = () => {
      for (const one of undo) one();
    };
  }
  const assemblers = { stdout: new LineAssembler(), stderr: new LineAssembler() };
  try {
    return await store.run({ assemblers, sink }, run);
  } finally {
    for (const stream of ["stdout", "stderr"] as const) assemblers[stream].end((line) => sink(stream, line));
    if (--users === 0) restore();
  }
};
