// usage: endless-line.mjs <bytes>. One line without an end.
import { once } from "node:events";

let left = Number(process.argv[2] ?? 10_000_000);
while (left > 0) {
  const part = Math.min(left, 65_536);
  left -= part;
  if (!process.stdout.write("x".repeat(part))) await once(process.stdout, "drain");
}
