"""Trains softmax regression on handwritten digits. Python 3.8 or later, standard library only.

`python3 examples/train_digits.py` runs it by hand. It uses everything MLQueue gives a program:
config, metrics, checkpoints, SIGTERM and a result (see README.md).
"""

import json
import math
import os
import random
import signal
import sys
import tempfile
from pathlib import Path

from lib.digits import load_digits
from lib.softmax_regression import SoftmaxRegression

stop_requested = False


def main():
    signal.signal(signal.SIGTERM, request_stop)
    config = read_config()

    checkpoint_dir = Path(os.environ.get("MLQUEUE_CHECKPOINT_DIR") or tempfile.mkdtemp(prefix="train-digits-"))
    checkpoint_dir.mkdir(parents=True, exist_ok=True)
    checkpoint_path = checkpoint_dir / "checkpoint.json"
    metrics_path = Path(os.environ.get("MLQUEUE_METRICS") or checkpoint_dir / "metrics.jsonl")
    result_path = Path(os.environ.get("MLQUEUE_RESULT") or checkpoint_dir / "result.json")

    train, held_out = load_digits()
    rng = random.Random(config["seed"])
    model = SoftmaxRegression(rng)
    progress = {"epoch": 0, "loss": None, "accuracy": None, "best_accuracy": 0}

    say(f"Training on {len(train)} digits, {len(held_out)} held out. Config: {json.dumps(config)}")
    checkpoint = load_checkpoint(checkpoint_path, config)
    if checkpoint:
        model.weights, model.biases = checkpoint["weights"], checkpoint["biases"]
        version, internal, gauss_next = checkpoint["random_state"]
        rng.setstate((version, tuple(internal), gauss_next))
        progress = checkpoint["progress"]
        say(f"Resuming from the checkpoint after epoch {progress['epoch']}.")

    while progress["epoch"] < config["epochs"]:
        epoch = progress["epoch"] + 1
        loss = train_epoch(model, train, config, rng)
        if not math.isfinite(loss):
            raise FloatingPointError(f"loss became {loss} in epoch {epoch}: lr {config['lr']} is too high")
        accuracy = model.accuracy(held_out)
        best_accuracy = max(progress["best_accuracy"], accuracy)
        progress = {"epoch": epoch, "loss": loss, "accuracy": accuracy, "best_accuracy": best_accuracy}

        say(f"Epoch {epoch}/{config['epochs']}  loss {loss:.4f}  held-out accuracy {accuracy:.1%}")
        # Metrics before the checkpoint: a kill between the two repeats a step, the other order would lose one.
        append_metrics(metrics_path, {"step": epoch, "loss": loss, "accuracy": accuracy, "lr": config["lr"]})
        write_atomically(
            checkpoint_path,
            {
                "config": config,
                "progress": progress,
                "random_state": rng.getstate(),
                "weights": model.weights,
                "biases": model.biases,
            },
        )

        if stop_requested and epoch < config["epochs"]:
            say(f"Stopped by SIGTERM after epoch {epoch}; the checkpoint is saved.")
            sys.exit(143)  # 128 + 15, what a shell reports for SIGTERM

    result = {key: progress[key] for key in ("accuracy", "best_accuracy", "loss")}
    write_atomically(result_path, {**result, **config, "model": "softmax regression"})
    say(f"Done. The result is in {result_path}")


def train_epoch(model, train, config, rng):
    """One pass over the training rows in a new random order. Returns the mean loss."""
    rows = rng.sample(train, len(train))
    size = config["batch_size"]
    batches = (rows[start : start + size] for start in range(0, len(rows), size))
    return sum(model.train_batch(batch, config["lr"]) for batch in batches) / len(rows)


def request_stop(_signal, _frame):
    global stop_requested
    stop_requested = True


def load_checkpoint(path, config):
    """What an earlier attempt at the same config saved, or None."""
    if not path.exists():
        return None
    checkpoint = json.loads(path.read_text(encoding="utf-8"))
    if checkpoint["config"] != config:
        say("Starting over: the checkpoint is of another config.")
        return None
    return checkpoint


def append_metrics(path, metrics):
    with open(path, "a", encoding="utf-8") as file:
        file.write(json.dumps(metrics) + "\n")


def write_atomically(path, value):
    """A reader sees the old file or the new one, never half of one."""
    temporary = path.with_name(path.name + ".tmp")
    temporary.write_text(json.dumps(value), encoding="utf-8")
    os.replace(temporary, path)


def say(line):
    print(line, flush=True)  # a pipe is buffered: without the flush the log would stand still for minutes


def read_config():
    """Known keys are checked, unknown ones ignored."""
    path = os.environ.get("MLQUEUE_CONFIG")
    given = json.loads(Path(path).read_text(encoding="utf-8")) if path else {}
    lr = given.get("lr", 0.1)
    if not is_number(lr) or not math.isfinite(lr) or lr <= 0:
        refuse("lr", lr, "a positive number")
    return {
        "lr": lr,
        "epochs": integer("epochs", given.get("epochs", 10), 1, 1000),
        "batch_size": integer("batch_size", given.get("batch_size", 16), 1, 1024),
        "seed": integer("seed", given.get("seed", 1), 0, 2**32 - 1),
    }


def integer(field, value, smallest, largest):
    if not is_number(value) or not smallest <= value <= largest or value != int(value):
        refuse(field, value, f"an integer from {smallest} to {largest}")
    return int(value)


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def refuse(field, value, expected):
    print(f"config.{field} must be {expected}, got {json.dumps(value)}", file=sys.stderr)
    sys.exit(2)


if __name__ == "__main__":
    main()
