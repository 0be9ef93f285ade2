// Trains a small neural network on handwritten digits. Needs Node only; `node examples/train_digits.mjs` runs it by hand.
//
// It uses everything MLQueue gives a program: config, metrics, checkpoints, SIGTERM and a result (see README.md).
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { loadDigits } from "./lib/digits.mjs";
import { Mlp } from "./lib/mlp.mjs";
import { Random } from "./lib/random.mjs";

const byHand = () => mkdtempSync(join(tmpdir(), "train-digits-"));
const checkpointDir = process.env.MLQUEUE_CHECKPOINT_DIR ?? byHand();
const metricsPath = process.env.MLQUEUE_METRICS ?? join(checkpointDir, "metrics.jsonl");
const resultPath = process.env.MLQUEUE_RESULT ?? join(checkpointDir, "result.json");
const checkpointPath = join(checkpointDir, "checkpoint.json");

let stopRequested = false;
process.on("SIGTERM", () => {
  stopRequested = true;
});

const config = readConfig();
const { train, heldOut } = loadDigits();
const random = new Random(config.seed);
const model = new Mlp(config.hidden, random);
let progress = { epoch: 0, loss: null, accuracy: null, best_accuracy: 0 };

console.log(`Training on ${train.length} digits, ${heldOut.length} held out. Config: ${JSON.stringify(config)}`);
mkdirSync(checkpointDir, { recursive: true });
loadCheckpoint();

while (progress.epoch < config.epochs) {
  const epoch = progress.epoch + 1;
  const loss = trainEpoch();
  if (!Number.isFinite(loss)) throw new Error(`loss became ${loss} in epoch ${epoch}: lr ${config.lr} is too high`);
  const accuracy = model.accuracy(heldOut);
  progress = { epoch, loss, accuracy, best_accuracy: Math.max(progress.best_accuracy, accuracy) };

  console.log(
    `Epoch ${epoch}/${config.epochs}  loss ${loss.toFixed(4)}  held-out accuracy ${(accuracy * 100).toFixed(1)} %`,
  );
  // Metrics before the checkpoint: a kill between the two repeats a step, the other order would lose one.
  appendFileSync(metricsPath, `${JSON.stringify({ step: epoch, loss, accuracy, lr: config.lr })}\n`);
  writeAtomically(checkpointPath, { config, progress, random_state: random.state, model });

  await setImmediate(); // lets a waiting SIGTERM in
  if (stopRequested && epoch < config.epochs) {
    console.log(`Stopped by SIGTERM after epoch ${epoch}; the checkpoint is saved.`);
    process.exit(143); // 128 + 15, what a shell reports for SIGTERM
  }
}

const { loss, accuracy, best_accuracy } = progress;
writeAtomically(resultPath, { accuracy, best_accuracy, loss, ...config, model: "mlp" });
console.log(`Done. The result is in ${resultPath}`);

/** One pass over the training rows in a new random order. Returns the mean loss. */
function trainEpoch() {
  const rows = random.shuffled(train);
  let totalLoss = 0;
  for (let start = 0; start < rows.length; start += config.batch_size) {
    totalLoss += model.trainBatch(rows.slice(start, start + config.batch_size), config.lr);
  }
  return totalLoss / rows.length;
}

/** Goes on where an earlier attempt at the same config stopped. */
function loadCheckpoint() {
  if (!existsSync(checkpointPath)) return;
  const checkpoint = JSON.parse(readFileSync(checkpointPath, "utf8"));
  if (JSON.stringify(checkpoint.config) !== JSON.stringify(config)) {
    console.log("Starting over: the checkpoint is of another config.");
    return;
  }
  model.restore(checkpoint.model);
  random.state = checkpoint.random_state;
  progress = checkpoint.progress;
  console.log(`Resuming from the checkpoint after epoch ${progress.epoch}.`);
}

/** A reader sees the old file or the new one, never half of one. */
function writeAtomically(path, value) {
  writeFileSync(`${path}.tmp`, JSON.stringify(value));
  renameSync(`${path}.tmp`, path);
}

/** Known keys are checked, unknown ones ignored. */
function readConfig() {
  const path = process.env.MLQUEUE_CONFIG;
  const given = path ? JSON.parse(readFileSync(path, "utf8")) : {};
  const { lr = 0.1, epochs = 10, hidden = 128, batch_size = 16, seed = 1 } = given;
  const positive = (value) => Number.isFinite(value) && value > 0;
  const integer = (min, max) => (value) => Number.isInteger(value) && value >= min && value <= max;
  return {
    lr: checked("lr", lr, positive, "a positive number"),
    epochs: checked("epochs", epochs, integer(1, 1000), "an integer from 1 to 1000"),
    hidden: checked("hidden", hidden, integer(1, 1024), "an integer from 1 to 1024"),
    batch_size: checked("batch_size", batch_size, integer(1, 1024), "an integer from 1 to 1024"),
    seed: checked("seed", seed, integer(0, 2 ** 32 - 1), "an integer from 0 to 4294967295"),
  };
}

function checked(field, value, isValid, expected) {
  if (isValid(value)) return value;
  console.error(`config.${field} must be ${expected}, got ${JSON.stringify(value)}`);
  process.exit(2);
}
