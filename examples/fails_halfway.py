"""Trains truly for half of its epochs, then fails on purpose: shows what a failed task looks like.

The second half of the data "arrives" with a broken image, one pixel of it NaN. The loss becomes NaN and the
guard below raises, as it would in a real run. Python 3.8 or later, standard library only.
"""

import json
import math
import os
import random
import tempfile
from pathlib import Path

from lib.digits import load_digits
from lib.softmax_regression import SoftmaxRegression

BATCH_SIZE = 16


def main():
    config_path = os.environ.get("MLQUEUE_CONFIG")
    config = json.loads(Path(config_path).read_text(encoding="utf-8")) if config_path else {}
    epochs = int(config.get("epochs", 10))
    lr = float(config.get("lr", 0.1))
    metrics_path = os.environ.get("MLQUEUE_METRICS") or Path(tempfile.mkdtemp(prefix="fails-halfway-")) / "metrics.jsonl"

    rng = random.Random(int(config.get("seed", 1)))
    model = SoftmaxRegression(rng)
    train, held_out = load_digits()

    for epoch in range(1, epochs + 1):
        if epoch == epochs // 2 + 1:
            break_one_image(train)
        loss = train_epoch(model, rng.sample(train, len(train)), lr)
        accuracy = model.accuracy(held_out)
        print(f"Epoch {epoch}/{epochs}  loss {loss:.4f}  held-out accuracy {accuracy:.1%}", flush=True)
        with open(metrics_path, "a", encoding="utf-8") as metrics:
            metrics.write(json.dumps({"step": epoch, "loss": loss, "accuracy": accuracy, "lr": lr}) + "\n")


def train_epoch(model, rows, lr):
    total_loss = 0.0
    for start in range(0, len(rows), BATCH_SIZE):
        total_loss += train_batch(model, rows[start : start + BATCH_SIZE], lr)
    return total_loss / len(rows)


def train_batch(model, batch, lr):
    loss = model.train_batch(batch, lr)
    if not math.isfinite(loss):
        raise FloatingPointError(f"loss became {loss}: the batch holds a pixel that is not a finite number")
    return loss


def break_one_image(rows):
    pixels, _label = rows[0]
    pixels[0] = math.nan


if __name__ == "__main__":
    main()
