"""Loads the handwritten digits (data/README.md) with their fixed split, the same one as digits.mjs."""

import gzip
from pathlib import Path

CSV = Path(__file__).resolve().parent.parent / "data" / "digits.csv.gz"
HELD_OUT_EVERY = 7  # rows 0, 7, 14 ... are never trained on: 257 of 1797, 22 to 32 of each digit


def load_digits():
    """Returns (train, held_out): lists of (pixels, label), 64 pixels in 0..1 and a label in 0..9."""
    with gzip.open(CSV, "rt", encoding="ascii") as lines:
        rows = [parse_row(line) for line in lines]
    train = [row for index, row in enumerate(rows) if index % HELD_OUT_EVERY != 0]
    return train, rows[::HELD_OUT_EVERY]


def parse_row(line):
    *pixels, label = (int(value) for value in line.split(","))
    return [value / 16 for value in pixels], label
