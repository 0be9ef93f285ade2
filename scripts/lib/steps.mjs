// The step list on the screen: one line per step with its time; on a terminal the running line moves.
import { Trouble } from "./project.mjs";

const FRAMES = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"];

export const seconds = (ms) => `${(ms / 1000).toFixed(1)} s`;

/**
 * @param {{out?: NodeJS.WriteStream, quiet?: boolean}} [options] out: where lines go (stderr when stdout is the result);
 *   quiet: only steps that took more than a second are shown
 */
export const makeSteps = ({ out = process.stdout, quiet = false } = {}) => {
  const began = performance.now();
  const live = Boolean(out.isTTY) && process.env.TERM !== "dumb";
  const paint = (code, text) => (live && !process.env.NO_COLOR ? `\u001b[${code}m${text}\u001b[0m` : text);
  const width = () => Math.max(20, (out.columns ?? 100) - 1);
  const row = (mark, title, note, ms) =>
    `  ${mark} ${title.padEnd(14)} ${note.slice(0, width() - 28).padEnd(44)} ${seconds(ms).padStart(8)}`;
  // A closed terminal must not end the process in the middle of its clean-up.
  out.on("error", () => {});

  return {
    /** Runs one step. Its work returns the note that stands behind the title; say(note) sets it meanwhile. */
    step: async (title, work) => {
      const start = performance.now();
      let note = "";
      let frame = 0;
      const draw = () =>
        out.write(
          `\r\u001b[2K${row(paint(36, FRAMES[frame++ % FRAMES.length]), title, note, performance.now() - start)}`,
        );
      const timer = live ? setInterval(draw, 120) : setTimeout(() => !quiet && out.write(`  … ${title}\n`), 3000);
      const stop = () => {
        clearInterval(timer);
        if (live) out.write("\r\u001b[2K");
      };
      try {
        const result = await work((text) => {
          note = text;
        });
        stop();
        const ms = performance.now() - start;
        if (!quiet || ms > 1000) out.write(`${row(paint(32, "✓"), title, result ?? note, ms)}\n`);
      } catch (error) {
        stop();
        out.write(`${row(paint(31, "✗"), title, "failed", performance.now() - start)}\n`);
        throw error;
      }
    },
    /** One more line below the list. */
    line: (text = "") => out.write(`${text}\n`),
    /** A line with the time of day, for what happens while all runs. */
    event: (text) => out.write(`  ${new Date().toTimeString().slice(0, 8)}  ${text}\n`),
    elapsed: () => performance.now() - began,
    paint,
  };
};

/** Shows why something failed: the sentence, the last lines of its log, where the rest is. A bug shows its stack. */
export const report = (error, out = process.stderr) => {
  if (!(error instanceof Trouble)) {
    out.write(`\n${error?.stack ?? error}\n`);
    return;
  }
  out.write(`\n${error.message}\n`);
  if (error.tail) out.write(`\n${error.tail.replace(/^/gm, "    ")}\n`);
  if (error.log) out.write(`\nThe whole output is in ${error.log}\n`);
};
