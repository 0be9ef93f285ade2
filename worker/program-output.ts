// Takes a program's stdout, stderr and metrics file to the sink: lines and points, in order, in batches, soon.
import type { Readable } from "node:stream";
import { setTimeout as wait } from "node:timers/promises";
import type { LogLine, LogStream } from "../src/logs/append";
import type { MetricPoint } from "../src/metrics/append";
import { log } from "../src/platform/log";
import { metricPoints, printedPoints } from "../src/programs/metric-lines";
import { MetricsTail } from "../src/programs/metrics-tail";
import { LineAssembler } from "../src/programs/terminal-lines";
import { BatchSender } from "./batch-sender";
import { LIMITS, type Limits, LineBuffer } from "./line-buffer";

/** Where output goes. A failed batch is given again, unchanged and before any later one. */
export type OutputSink = {
  lines: (lines: LogLine[]) => Promise<unknown>;
  points: (points: MetricPoint[]) => Promise<unknown>;
};

/** The page shows a line within a second of its printing. */
const FLUSH_MS = 200;
const METRICS_POLL_MS = 250;
/** At the end, between two looks whether there is room to read on. */
const METRICS_WAIT_MS = 5;
const POINTS_PER_BATCH = 1000;
/** Points that may wait while PostgreSQL is away: 100 MB at most. A metrics file is then simply not read on. */
const MAX_WAITING_POINTS = 500_000;
const ENOUGH_WAITING_POINTS = 20_000;
/** An unfinished line, such as a progress bar, is shown as it stands soon, and then every five seconds while it changes. */
const OPEN_LINE_FIRST_MS = 500;
const OPEN_LINE_AGAIN_MS = 5000;
const OPEN_LINE_CHECK_MS = 250;
/** A pipe is paused so long without progress of the sink, and so long in all; then lines are left out instead. */
const PAUSE_LIMIT_MS = 1000;
const PAUSE_BUDGET_MS = 10_000;
const LAST_STDERR_LINES = 20;
const NOTE = "WARN mlqueue: ";

/** `openSince`: when its unfinished line began, null without one; `openShown`: how that line was last shown, and when */
type Stream = {
  name: LogStream;
  source: Readable;
  assembler: LineAssembler;
  openSince: number | null;
  openShown: string;
  openShownAt: number;
};

export class ProgramOutput {
  readonly #sink: OutputSink;
  readonly #now: () => number;
  readonly #buffer: LineBuffer;
  readonly #lineSender: BatchSender<LogLine[]>;
  readonly #pointSender: BatchSender<MetricPoint[]>;
  readonly #streams: Stream[] = [];
  readonly #lastStderr: string[] = [];
  #points: MetricPoint[] = [];
  #lostPoints = 0;
  #flushTimer: NodeJS.Timeout | undefined;
  #openTimer: NodeJS.Timeout | undefined;
  #pauseTimer: NodeJS.Timeout | undefined;
  #pausedAt = 0;
  #pauseBudgetMs = PAUSE_BUDGET_MS;
  /** The sink made no progress during a whole pause: no other pause before it does. */
  #isSinkStuck = false;
  #pollTimer: NodeJS.Timeout | undefined;
  #isClosing = false;
  #tail: MetricsTail | undefined;
  #hasNotedMetrics = false;

  constructor(options: { sink: OutputSink; now?: () => number; limits?: Partial<Limits> }) {
    this.#sink = options.sink;
    this.#now = options.now ?? Date.now;
    this.#buffer = new LineBuffer({ ...LIMITS, ...options.limits }, (text) => [this.#now(), "stderr", NOTE + text]);
    this.#lineSender = new BatchSender(
      "lines of output",
      () => this.#buffer.take(),
      this.#sink.lines,
      () => this.#linesSent(),
    );
    this.#pointSender = new BatchSender("metric points", () => this.#takePoints(), this.#sink.points);
  }

  /** Reads both streams until they end. */
  attach(stdout: Readable, stderr: Readable): void {
    for (const [name, source] of [
      ["stdout", stdout],
      ["stderr", stderr],
    ] as const) {
      const stream: Stream = {
        name,
        source,
        assembler: new LineAssembler(),
        openSince: null,
        openShown: "",
        openShownAt: 0,
      };
      this.#streams.push(stream);
      source.on("data", (chunk: Buffer) => this.#read(stream, chunk));
      source.on("error", (error) => log.debug({ error: error.message, stream: name }, "a program's pipe broke"));
    }
  }

  /** Follows the program's metrics file, which need not exist yet. */
  tailMetrics(path: string): void {
    this.#tail = new MetricsTail(
      path,
      (line) => this.#takeMetricLine(line),
      () => this.#points.length >= ENOUGH_WAITING_POINTS,
    );
    this.#pollLater();
  }

  /** A line of the worker's own in the program's log. */
  note(text: string): void {
    this.#add([this.#now(), "stderr", NOTE + text]);
  }

  /** The program's last lines on stderr, at most 20, the unfinished one included. */
  lastStderrLines(count: number): string[] {
    const open = this.#streams.find(({ name }) => name === "stderr")?.assembler.open ?? "";
    return (open === "" ? this.#lastStderr : [...this.#lastStderr, open]).slice(-count);
  }

  /**
   * Takes what is left and resolves when the sink has it all. To be called when the streams have ended.
   *
   * @param withinMs after so long the rest is given up, and the log says how much
   */
  async close(withinMs = 30_000): Promise<void> {
    const deadline = performance.now() + withinMs;
    this.#isClosing = true;
    clearTimeout(this.#openTimer);
    clearTimeout(this.#pauseTimer);
    clearTimeout(this.#pollTimer);
    for (const stream of this.#streams) {
      stream.assembler.end((line) => this.#takeLine(stream, line));
      stream.source.removeAllListeners("data");
    }
    await this.#finishMetrics(deadline);
    clearTimeout(this.#flushTimer);
    this.#buffer.release();
    const [lines, points] = await Promise.all([this.#lineSender.drain(deadline), this.#pointSender.drain(deadline)]);
    if (lines + points + this.#lostPoints > 0)
      log.error({ lines, points: points + this.#lostPoints }, "output of an attempt was lost");
  }

  #read(stream: Stream, chunk: Buffer): void {
    stream.assembler.push(chunk, (line) => this.#takeLine(stream, line));
    if (stream.assembler.isOpen) {
      stream.openSince ??= performance.now();
      this.#openTimer ??= setTimeout(() => this.#showOpenLines(), OPEN_LINE_FIRST_MS);
    }
    if (this.#buffer.isCrowded) this.#pauseIfWorthwhile();
  }

  #takeLine(stream: Stream, line: string): void {
    const wasShown = stream.openShown;
    stream.openSince = null;
    stream.openShown = "";
    if (stream.name === "stderr") {
      this.#lastStderr.push(line);
      if (this.#lastStderr.length > LAST_STDERR_LINES) this.#lastStderr.shift();
    } else this.#addPoints(printedPoints(line, this.#now()) ?? []);
    // Already shown while it was unfinished, and nothing was added to it since.
    if (line !== "" && line === wasShown) return;
    this.#add([this.#now(), stream.name, line]);
  }

  #showOpenLines(): void {
    const now = performance.now();
    for (const stream of this.#streams) {
      const dueAt =
        stream.openShown === ""
          ? (stream.openSince ?? now) + OPEN_LINE_FIRST_MS
          : stream.openShownAt + OPEN_LINE_AGAIN_MS;
      if (stream.openSince === null || now < dueAt) continue;
      if (stream.openShown !== "" && stream.assembler.isCut) continue;
      const text = stream.assembler.open;
      if (text === "" || text === stream.openShown) continue;
      stream.openShown = text;
      stream.openShownAt = now;
      this.#add([this.#now(), stream.name, text]);
    }
    const isAnyOpen = this.#streams.some(({ openSince }) => openSince !== null);
    this.#openTimer = isAnyOpen ? setTimeout(() => this.#showOpenLines(), OPEN_LINE_CHECK_MS) : undefined;
  }

  #add(line: LogLine): void {
    if (this.#buffer.add(line)) this.#lineSender.kick();
    else this.#flushSoon();
  }

  #flushSoon(): void {
    this.#flushTimer ??= setTimeout(() => {
      this.#flushTimer = undefined;
      this.#lineSender.kick();
      this.#pointSender.kick();
    }, FLUSH_MS);
  }

  /** A program that prints faster than PostgreSQL stores is slowed down, so that its lines are kept; never for long. */
  #pauseIfWorthwhile(): void {
    const isPaused = this.#pauseTimer !== undefined;
    if (isPaused || this.#buffer.isHeld || this.#isSinkStuck || this.#pauseBudgetMs <= 0) return;
    for (const { source } of this.#streams) source.pause();
    this.#pausedAt = performance.now();
    this.#pauseTimer = setTimeout(() => {
      this.#isSinkStuck = true;
      this.#resume();
    }, PAUSE_LIMIT_MS);
  }

  #linesSent(): void {
    this.#isSinkStuck = false;
    if (this.#pauseTimer === undefined) return;
    const isOverBudget = performance.now() - this.#pausedAt > this.#pauseBudgetMs;
    if (!this.#buffer.isCrowded || this.#buffer.isHeld || isOverBudget) this.#resume();
    else this.#pauseTimer.refresh();
  }

  #resume(): void {
    clearTimeout(this.#pauseTimer);
    this.#pauseTimer = undefined;
    this.#pauseBudgetMs -= performance.now() - this.#pausedAt;
    for (const { source } of this.#streams) source.resume();
  }

  #takeMetricLine(line: string): void {
    const points = metricPoints(line, this.#now());
    if (points !== null) this.#addPoints(points);
    if (points !== null || this.#hasNotedMetrics || line.trim() === "") return;
    this.#hasNotedMetrics = true;
    this.note(
      `the metrics file has a line that is not a JSON object with a number "step", such as ${JSON.stringify(line.slice(0, 200))}`,
    );
  }

  #addPoints(points: MetricPoint[]): void {
    if (points.length === 0) return;
    for (const point of points) this.#points.push(point);
    if (this.#points.length > MAX_WAITING_POINTS) {
      const over = this.#points.length - MAX_WAITING_POINTS / 2;
      this.#points.splice(0, over);
      this.#lostPoints += over;
    }
    if (this.#points.length >= POINTS_PER_BATCH) this.#pointSender.kick();
    else this.#flushSoon();
  }

  #takePoints(): MetricPoint[] | null {
    return this.#points.length === 0 ? null : this.#points.splice(0, POINTS_PER_BATCH);
  }

  #pollLater(): void {
    if (this.#isClosing) return;
    this.#pollTimer = setTimeout(() => void this.#pollMetrics().then(() => this.#pollLater()), METRICS_POLL_MS);
  }

  /** @returns whether all of the file was read, or nothing of it can be */
  async #pollMetrics(): Promise<boolean> {
    try {
      return (await this.#tail?.poll()) ?? true;
    } catch (error) {
      if (!this.#hasNotedMetrics)
        this.note(`the metrics file could not be read: ${error instanceof Error ? error.message : String(error)}`);
      this.#hasNotedMetrics = true;
      return true;
    }
  }

  async #finishMetrics(deadline: number): Promise<void> {
    if (this.#tail === undefined) return;
    while (!(await this.#pollMetrics())) {
      if (performance.now() > deadline)
        return this.note("the rest of the metrics file was not read: it could not be stored in time");
      await wait(METRICS_WAIT_MS);
    }
    this.#tail.finish();
  }
}
