// A loop of one's own: the first run is completed, the second is left as it is.
const { openUnit } = await import(`${process.env.DRIVER_DIST}/driver.js`);

const unit = await openUnit({ unit: "tests/unit", name: "own-loop", heartbeatMs: 200, gatherMs: 20, pollMs: 50 });
let count = 0;
for await (const run of unit.claim()) {
  run.print(`run ${++count}`);
  if (count === 2) break;
  await run.complete({ result: { count } });
}
await unit.close();
