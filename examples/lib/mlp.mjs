// A multilayer perceptron with one ReLU hidden layer and a softmax output, trained by mini-batch SGD.

const INPUTS = 64;
const CLASSES = 10;

export class Mlp {
  /** Weights by He initialisation, biases zero. */
  constructor(hidden, random) {
    const weights = (count, fanIn) =>
      Float64Array.from({ length: count }, () => (random.next() * 2 - 1) * Math.sqrt(6 / fanIn));
    this.hidden = hidden;
    this.params = {
      w1: weights(hidden * INPUTS, INPUTS), // w1[h * INPUTS + i]
      b1: new Float64Array(hidden),
      w2: weights(CLASSES * hidden, hidden), // w2[c * hidden + h]
      b2: new Float64Array(CLASSES),
    };
    this.gradients = mapValues(this.params, (values) => new Float64Array(values.length));
  }

  /** One SGD step on the batch's mean cross-entropy. Returns the summed loss from before the step. */
  trainBatch(batch, lr) {
    for (const gradient of Object.values(this.gradients)) gradient.fill(0);
    let loss = 0;
    for (const { pixels, label } of batch) loss += this.#backward(pixels, label);
    for (const [name, values] of Object.entries(this.params)) {
      const gradient = this.gradients[name];
      for (let k = 0; k < values.length; k++) values[k] -= (lr / batch.length) * gradient[k];
    }
    return loss;
  }

  accuracy(rows) {
    const correct = rows.filter(({ pixels, label }) => {
      const { probabilities } = this.#forward(pixels);
      return probabilities.indexOf(Math.max(...probabilities)) === label;
    });
    return correct.length / rows.length;
  }

  toJSON() {
    return mapValues(this.params, (values) => Array.from(values));
  }

  restore(params) {
    for (const [name, values] of Object.entries(params)) this.params[name].set(values);
  }

  #forward(pixels) {
    const { w1, b1, w2, b2 } = this.params;
    const activations = new Float64Array(this.hidden);
    for (let h = 0; h < this.hidden; h++) {
      let sum = b1[h];
      for (let i = 0; i < INPUTS; i++) sum += w1[h * INPUTS + i] * pixels[i];
      activations[h] = Math.max(0, sum);
    }
    const logits = new Float64Array(CLASSES);
    for (let c = 0; c < CLASSES; c++) {
      let sum = b2[c];
      for (let h = 0; h < this.hidden; h++) sum += w2[c * this.hidden + h] * activations[h];
      logits[c] = sum;
    }
    return { activations, probabilities: softmax(logits) };
  }

  /** Adds one row's gradient to `gradients`. Returns the row's loss. */
  #backward(pixels, label) {
    const { w2 } = this.params;
    const { w1: dw1, b1: db1, w2: dw2, b2: db2 } = this.gradients;
    const { activations, probabilities } = this.#forward(pixels);

    const dHidden = new Float64Array(this.hidden);
    for (let c = 0; c < CLASSES; c++) {
      const dLogit = probabilities[c] - (c === label ? 1 : 0);
      db2[c] += dLogit;
      for (let h = 0; h < this.hidden; h++) {
        dw2[c * this.hidden + h] += dLogit * activations[h];
        dHidden[h] += dLogit * w2[c * this.hidden + h];
      }
    }
    for (let h = 0; h < this.hidden; h++) {
      if (activations[h] === 0) continue; // the ReLU lets no gradient through
      db1[h] += dHidden[h];
      for (let i = 0; i < INPUTS; i++) dw1[h * INPUTS + i] += dHidden[h] * pixels[i];
    }
    // The floor keeps one confident mistake from making the loss infinite.
    return -Math.log(Math.max(probabilities[label], 1e-300));
  }
}

function softmax(logits) {
  const largest = Math.max(...logits); // subtracted so that exp cannot overflow
  const exps = logits.map((logit) => Math.exp(logit - largest));
  const total = exps.reduce((sum, value) => sum + value, 0);
  return exps.map((value) => value / total);
}

const mapValues = (object, change) =>
  Object.fromEntries(Object.entries(object).map(([name, value]) => [name, change(value)]));
