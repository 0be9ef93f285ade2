// usage: floods-stdout.mjs <lines>. Prints numbered lines as fast as the pipe takes them.
import { once } from "node:events";

const lines = Number(process.argv[2] ?? 1_000_000);
for (let line = 1; line <= lines; ) {
  let block = "";
  for (const end = Math.min(lines, line + 999); line <= end; line++) block += `line ${line} of a flood\n`;
  if (!process.stdout.write(block)) await once(process.stdout, "drain");
}
