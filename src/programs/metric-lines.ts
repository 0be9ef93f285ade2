// PURE. Metric lines: JSON objects with a number `step`, whose other finite numbers are points.

import type { MetricPoint } from "../metrics/append";
import { isJsonObject } from "../platform/json-safety";

const MAX_KEY = 200;
const NOT_POINTS = new Set(["step", "timestamp", "time"]);

/** Seconds since 1970 have 10 digits until the year 2286, milliseconds 13. */
const MILLISECONDS_FROM = 1e11;
const EARLIEST_MS = Date.UTC(1990, 0, 1);
const LATEST_MS = Date.UTC(2200, 0, 1);

/** A time that the line gives itself: RFC 3339 text, or seconds or milliseconds since 1970. */
const timeOf = (value: unknown): number | null => {
  const at =
    typeof value === "string"
      ? Date.parse(value)
      : typeof value === "number"
        ? value < MILLISECONDS_FROM
          ? value * 1000
          : value
        : Number.NaN;
  return at >= EARLIEST_MS && at <= LATEST_MS ? Math.round(at) : null;
};

const isKey = (key: string): boolean =>
  key !== "" && key.length <= MAX_KEY && !key.includes("\0") && !NOT_POINTS.has(key);

/**
 * Points of one line, null when it is no metric line. Nested values, texts and booleans are no points.
 *
 * @param now epoch ms, for lines without `timestamp` or `time`
 */
export const metricPoints = (line: string, now: number): MetricPoint[] | null => {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    // Most output is not JSON: that is an answer, not a fault.
    return null;
  }
  if (!isJsonObject(value) || typeof value.step !== "number" || !Number.isFinite(value.step)) return null;
  const step = value.step + 0;
  const at = timeOf(value.timestamp) ?? timeOf(value.time) ?? now;
  return Object.entries(value).flatMap(([key, given]) =>
    isKey(key) && typeof given === "number" && Number.isFinite(given) ? [{ key, step, value: given, at }] : [],
  );
};

const STARTS_OBJECT = /^\s*\{/;

/** The same for a line of stdout, where nearly every line is ordinary text. */
export const printedPoints = (line: string, now: number): MetricPoint[] | null =>
  STARTS_OBJECT.test(line) && line.includes('"step"') ? metricPoints(line, now) : null;
