// Resident memory of an idle web server and an idle worker.
import { bench } from "./lib/bench";
import { numberFlag } from "./lib/flags";
import { openWeb, openWorker, residentMb } from "./lib/programs";

await bench("memory", async (services) => {
  const rounds = numberFlag("rounds", 3);
  const settleSeconds = numberFlag("seconds", 10);
  const web: number[] = [];
  const worker: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const programs = [await openWeb(services), await openWorker(services)];
    await new Promise((resolve) => setTimeout(resolve, settleSeconds * 1000));
    const [webMb = 0, workerMb = 0] = programs.map(({ pid }) => residentMb(pid));
    web.push(webMb);
    worker.push(workerMb);
    for (const one of programs) await one.stop();
  }
  return [
    { name: "worker, idle", unit: "MB", runs: worker, target: { atMost: 90 } },
    { name: "web server, idle", unit: "MB", runs: web, target: { atMost: 200 } },
  ];
});
