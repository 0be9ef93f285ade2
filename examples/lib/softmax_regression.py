"""Softmax regression: one linear layer and a softmax, trained by mini-batch SGD."""

import math
from operator import mul

INPUTS = 64
CLASSES = 10


class SoftmaxRegression:
    def __init__(self, rng):
        self.weights = [[rng.gauss(0, 0.01) for _ in range(INPUTS)] for _ in range(CLASSES)]
        self.biases = [0.0] * CLASSES

    def train_batch(self, batch, lr):
        """One SGD step on the batch's mean cross-entropy. Returns the summed loss from before the step."""
        loss = 0.0
        weight_gradients = [[0.0] * INPUTS for _ in range(CLASSES)]
        bias_gradients = [0.0] * CLASSES
        for pixels, label in batch:
            probabilities = self.predict(pixels)
            # The floor keeps one confident mistake from making the loss infinite.
            loss -= math.log(max(probabilities[label], 1e-300))
            for c in range(CLASSES):
                d_logit = probabilities[c] - (1 if c == label else 0)
                bias_gradients[c] += d_logit
                weight_gradients[c] = [g + d_logit * x for g, x in zip(weight_gradients[c], pixels)]

        step = lr / len(batch)
        for c in range(CLASSES):
            self.biases[c] -= step * bias_gradients[c]
            self.weights[c] = [w - step * g for w, g in zip(self.weights[c], weight_gradients[c])]
        return loss

    def predict(self, pixels):
        """The probability of each class."""
        logits = [sum(map(mul, row, pixels)) + bias for row, bias in zip(self.weights, self.biases)]
        largest = max(logits)  # subtracted so that exp cannot overflow
        exps = [math.exp(logit - largest) for logit in logits]
        total = sum(exps)
        return [value / total for value in exps]

    def accuracy(self, rows):
        correct = 0
        for pixels, label in rows:
            probabilities = self.predict(pixels)
            correct += probabilities.index(max(probabilities)) == label
        return correct / len(rows)
