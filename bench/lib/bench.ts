// The frame of a bench: services, measurements, figures, and nothing left behind however it ends.
import { stopPrograms } from "./programs";
import { type Figure, keepFigures } from "./report";
import { type BenchServices, openServices, whileFolding } from "./services";

/**
 * Runs one bench and keeps its figures.
 *
 * @param settings such as QUEUE_MAX_SIZE, for this process and the programs that it starts
 */
export const bench = async (
  name: string,
  measure: (services: BenchServices) => Promise<Figure[]>,
  settings: Record<string, string> = {},
): Promise<void> => {
  const services = await openServices(name, settings);
  try {
    await keepFigures(name, await whileFolding(() => measure(services)));
  } finally {
    await stopPrograms();
    await services.close();
  }
};

/** Runs the measurements in turn, round after round, so that what slows the machine slows each of them alike. @returns a list per measurement */
export const inTurn = async (rounds: number, measurements: (() => Promise<number>)[]): Promise<number[][]> => {
  const runs: number[][] = measurements.map(() => []);
  for (let round = 0; round < rounds; round++)
    for (const [index, measure] of measurements.entries()) runs[index]?.push(await measure());
  return runs;
};
