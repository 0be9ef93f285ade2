// Takes a program's stdout, stderr and metrics file to the sink: lines and points, in order, in batches, soon.
import type { Readable } from "node:stream";
import { setTimeout as wait } from "node:timers/promises";
import type { LogLine, LogStream } from "../src/logs/append";
import type { MetricPoint } from "../src/metrics/append";
import { log } from "../src/platform/log";
import { BatchSender } from "./batch-sender";
import { LIMITS, LineBuffer, type Limits } from "./line-buffer";
import { metricPoints, printedPoints } from "./metric-lines";
import { MetricsTail } from "./metrics-tail";
import { LineAssembler } from "./terminal-lines";

/** Where output goes. A failed batch is given again, unchanged and before any later one. */
export type OutputSink = {
  lines: (lines: LogLine[]) => Promise<unknown>;
  points: (points: MetricPoint[]) => Promise<unknown>;
};

/** The page shows a line within a second of its printing. */
const FLUSH_MS = 200;
const METRICS_POLL_MS = 250;
const POINTS_PER_BATCH = 1000;
/** Points that may wait while PostgreSQL is away: 100 MB at most. A metrics file is then simply not read on. */
const MAX_WAITING_POINTS = 500_000;
const ENOUGH_WAITING_POINTS = 20_000;
/** An unfinished line, such as a progress bar, is shown as it stands after a second and then every five. */
const OPEN_LINE_FIRST_MS = 1000;
const OPEN_LINE_AGAIN_MS = 5000;
/** A pipe is paused so long at most without progress of the sink; then lines are left out instead. */
const PAUSE_LIMIT_MS = 1000;
const LAST_STDERR_LINES = 20;
const NOTE = "WARN mlqueue: ";

type Stream = { name: LogStream; source: Readable; assembler: LineAssembler; openShownAt: number; openShown: string };

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
  #pollTimer: NodeJS.Timeout | undefined;
  #tail: MetricsTail | undefined;
  #hasNotedMetrics = false;

  constructor(options: { sink: OutputSink; now?: () => number; limits?: Partial<Limits> }) {
    this.#sink = options.sink;
    this.#now = options.now ?? Date.now;
    this.#buffer = new LineBuffer({ ...LIMITS, ...options.limits }, (text) => [this.#now(), "stderr", NOTE + text]);
    this.#lineSender = new BatchSender("lines of output", () => this.#buffer.take(), this.#sink.lines, () => this.#resumeIfRoomy());
    this.#pointSender = new BatchSender("metric points", () => this.#takePoints(), this.#sink.points);
  }

  /** Reads both streams until they end. */
  attach(stdout: Readable, stderr: Readable): void {
    for (const [name, source] of [["stdout", stdout], ["stderr", stderr]] as const) {
      const stream: Stream = { name, source, assembler: new LineAssembler(), openShownAt: 0, openShown: "" };
      this.#streams.push(stream);
      source.on("data", (chunk: Buffer) => this.#read(stream, chunk));
      source.on("error", (error) => log.debug({ error: error.message, stream: name }, "a program's pipe broke"));
    }
  }

  /** Follows the program's metrics file, which need not exist yet. */
  tailMetrics(path: string): void {
    this.#tail = new MetricsTail(path, (line) => this.#takeMetricLine(line), () => this.#points.length >= ENOUGH_WAITING_POINTS);
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
    const deadline = Date.now() + withinMs;
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
    if (lines + points + this.#lostPoints > 0) log.error({ lines, points: points + this.#lostPoints }, "output of an attempt was lost");
  }

  #read(stream: Stream, chunk: Buffer): void {
    stream.assembler.push(chunk, (line) => this.#takeLine(stream, line));
    this.#openTimer ??= stream.assembler.isOpen ? setTimeout(() => this.#showOpenLines(), OPEN_LINE_FIRST_MS) : undefined;
    if (this.#buffer.isCrowded) this.#pauseIfWorthwhile();
  }

  #takeLine(stream: Stream, line: string): void {
    const wasShown = stream.openShown;
    stream.openShown = "";
    stream.openShownAt = 0;
    if (stream.name === "stderr") {
      this.#lastStderr.push(line);
      if (this.#lastStderr.length > LAST_STDERR_LINES) this.#lastStderr.shift();
    } else this.#addPoints(printedPoints(line, this.#now()) ?? []);
    // Already shown while it was unfinished, and nothing was added to it since.
    if (line !== "" && line === wasShown) return;
    this.#add([this.#now(), stream.name, line]);
  }

  #showOpenLines(): void {
    const now = Date.now();
    for (const stream of this.#streams) {
      const text = stream.assembler.open;
      if (text === "" || text === stream.openShown || now - stream.openShownAt < OPEN_LINE_AGAIN_MS - FLUSH_MS) continue;
      stream.openShown = text;
      stream.openShownAt = now;
      this.#add([this.#now(), stream.name, text]);
    }
    this.#openTimer = this.#streams.some(({ assembler }) => assembler.isOpen) ? setTimeout(() => this.#showOpenLines(), OPEN_LINE_FIRST_MS) : undefined;
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
    if (this.#pauseTimer !== undefined || this.#buffer.isHeld || this.#lineSender.isFailing) return;
    for (const { source } of this.#streams) source.pause();
    this.#pauseTimer = setTimeout(() => this.#resume(), PAUSE_LIMIT_MS);
  }

  #resumeIfRoomy(): void {
    if (this.#pauseTimer !== undefined && (!this.#buffer.isCrowded || this.#buffer.isHeld)) this.#resume();
  }

  #resume(): void {
    clearTimeout(this.#pauseTimer);
    this.#pauseTimer = undefined;
    for (const { source } of this.#streams) source.resume();
  }

  #takeMetricLine(line: string): void {
    const points = metricPoints(line, this.#now());
    if (points !== null) return this.#addPoints(points);
    if (this.#hasNotedMetrics || line.trim() === "") return;
    this.#hasNotedMetrics = true;
    this.note(`the metrics file has a line that is not a JSON object with a number "step", such as ${JSON.stringify(line.slice(0, 200))}`);
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
    this.#pollTimer = setTimeout(() => void this.#pollMetrics().then(() => this.#pollLater()), METRICS_POLL_MS);
  }

  async #pollMetrics(): Promise<void> {
    try {
      await this.#tail?.poll();
    } catch (error) {
      if (this.#hasNotedMetrics) return;
      this.#hasNotedMetrics = true;
      this.note(`the metrics file could not be read: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
}
