// Loads the handwritten digits (data/README.md) with their fixed split, the same one as digits.py.
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";

const HELD_OUT_EVERY = 7; // rows 0, 7, 14 ... are never trained on: 257 of 1797, 22 to 32 of each digit

/** @returns {{ train: {pixels: Float64Array, label: number}[], heldOut: {pixels: Float64Array, label: number}[] }} */
export function loadDigits() {
  const csv = gunzipSync(readFileSync(new URL("../data/digits.csv.gz", import.meta.url))).toString("utf8");
  const rows = csv.trim().split("\n").map(parseRow);
  return {
    train: rows.filter((_, index) => index % HELD_OUT_EVERY !== 0),
    heldOut: rows.filter((_, index) => index % HELD_OUT_EVERY === 0),
  };
}

function parseRow(line) {
  const numbers = line.split(",").map(Number);
  const label = numbers.pop();
  return { pixels: Float64Array.from(numbers, (value) => value / 16), label };
}
