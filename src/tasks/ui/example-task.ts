/** The training that a newcomer queues first: real, and done in about two seconds. See examples/README.md. */
export const EXAMPLE_ENTRYPOINT = "train_digits.mjs";

export const EXAMPLE_TASK = {
  name: "digits lr=0.03",
  entrypoint: EXAMPLE_ENTRYPOINT,
  config: { lr: 0.03, epochs: 20 },
};
