// Puts a few runs into the unit that driver.ts trains.
import { createClient } from "mlqueue/client";

const client = createClient();
const [group = "digits", unit = "mlp"] = (process.env.UNIT ?? "digits/mlp").split("/");
const { unitId } = await client.units.find.query({ group, unit });
const { runs } = await client.runs.createMany.mutate({
  unitId,
  createdBy: "client",
  runs: [0.01, 0.03, 0.1, 0.3].map((lr) => ({ parameters: { lr, epochs: 5 } })),
});
console.log(`${runs.length} runs wait in ${group}/${unit}.`);
