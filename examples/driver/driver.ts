// Trains a small neural network on handwritten digits, run by run: real data, real gradients, a few seconds each.
import { defineDriver } from "mlqueue";
import { z } from "zod";
import { loadDigits } from "./lib/digits.mjs";
import { Mlp } from "./lib/mlp.mjs";
import { Random } from "./lib/random.mjs";

const params = z.object({
  lr: z.number().positive().max(10).default(0.1).describe("learning rate"),
  epochs: z.int().min(1).max(1000).default(10),
  hidden: z.int().min(1).max(1024).default(128).describe("size of the hidden layer"),
  batch_size: z.int().min(1).max(1024).default(16),
  seed: z.int().min(0).max(4_294_967_295).default(1),
});

type Weights = Record<string, number[]>;
type State = { epoch: number; best: number; randomState: number; weights: Weights };

const { train, heldOut } = loadDigits();

const driver = defineDriver({
  unit: process.env.UNIT ?? "digits/mlp",
  create: true,
  params,
  async run({ params, ctx, signal }) {
    const random = new Random(params.seed);
    const model = new Mlp(params.hidden, random);
    const saved = await ctx.resume<State>();
    if (saved) {
      model.restore(saved.weights);
      random.state = saved.randomState;
      ctx.print(`Resuming after epoch ${saved.epoch}.`);
    }
    let best = saved?.best ?? 0;
    let last = { loss: 0, accuracy: best };

    for (let epoch = (saved?.epoch ?? 0) + 1; epoch <= params.epochs; epoch++) {
      const rows = random.shuffled(train);
      let loss = 0;
      for (let start = 0; start < rows.length; start += params.batch_size)
        loss += model.trainBatch(rows.slice(start, start + params.batch_size), params.lr);
      last = { loss: loss / rows.length, accuracy: model.accuracy(heldOut) };
      if (!Number.isFinite(last.loss)) throw new Error(`The loss is ${last.loss}: lr ${params.lr} is too high.`);
      best = Math.max(best, last.accuracy);

      console.log(
        `Epoch ${epoch}: loss ${last.loss.toFixed(4)}, held-out accuracy ${(last.accuracy * 100).toFixed(1)} %`,
      );
      ctx.log(last, { step: epoch });
      ctx.progress(epoch, params.epochs);
      // 256 hidden neurons are 400 kB of JSON. Larger networks would go to a file, and its uri here.
      if (params.hidden <= 256) {
        const weights: Weights = model.toJSON();
        ctx.checkpoint({ step: epoch, state: { epoch, best, randomState: random.state, weights } satisfies State });
      }
      signal.throwIfAborted();
    }
    return { ...last, best_accuracy: best, model: "mlp" };
  },
});

const tally = await driver.start({ untilEmpty: process.argv.includes("--until-empty") });
console.log(`${tally.completed} completed, ${tally.failed} failed, ${tally.stopped} stopped.`);
