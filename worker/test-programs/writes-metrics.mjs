// usage: writes-metrics.mjs <points>. Appends metric lines to MLQUEUE_METRICS, the last one without a newline.
import { appendFileSync } from "node:fs";

const points = Number(process.argv[2] ?? 3);
const lines = Array.from({ length: points }, (_, step) => JSON.stringify({ step, loss: 1 / (step + 1) }));
appendFileSync(process.env.MLQUEUE_METRICS, lines.join("\n"));
console.log('{"step": 0, "accuracy": 0.5, "note": "printed"}');
