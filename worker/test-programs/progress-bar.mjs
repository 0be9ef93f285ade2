// usage: progress-bar.mjs <steps> <ms between>. A bar as tqdm draws it, on stderr.
const steps = Number(process.argv[2] ?? 20);
const pauseMs = Number(process.argv[3] ?? 10);
for (let step = 0; step <= steps; step++) {
  const done = Math.round((10 * step) / steps);
  process.stderr.write(
    `\r${String(Math.round((100 * step) / steps)).padStart(3)}%|${"█".repeat(done)}${" ".repeat(10 - done)}| ${step}/${steps}`,
  );
  await new Promise((resolve) => setTimeout(resolve, pauseMs));
}
process.stderr.write("\n");
