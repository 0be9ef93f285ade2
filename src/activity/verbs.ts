// PURE. What is recorded: the things that people and their clients do on purpose. Not what machines do all day: claims, heartbeats,
// metrics, logs, starts and ends; nor the creation of a single task, which the task's own row tells.

/** By the kind of object. Each has a sentence in both catalogues, `activity.<kind>.<verb>`. */
export const VERBS = {
  group: ["created", "changed", "removed", "restored"],
  share: ["given", "withdrawn"],
  unit: ["created", "changed", "removed", "restored", "paused", "resumed", "reordered"],
  run: ["created", "changed", "cancelled", "retried", "removed", "restored"],
  sweep: ["created", "extended", "trimmed"],
  task: ["created", "cancelled", "retried", "prioritized", "reordered"],
  queue: ["paused", "resumed"],
  template: ["created", "changed", "removed"],
  key: ["created", "revoked"],
  webhook: ["created", "changed", "removed", "rotated", "tested", "replayed"],
  account: ["added", "changed", "invited", "signedIn", "signedOut", "passwordChanged"],
} as const;

export type Kind = keyof typeof VERBS;
export type Verb = { [K in Kind]: `${K}.${(typeof VERBS)[K][number]}` }[Kind];

export const KINDS = Object.keys(VERBS) as [Kind, ...Kind[]];
export const ALL_VERBS = KINDS.flatMap((kind) => VERBS[kind].map((verb) => `${kind}.${verb}` as Verb));

export const kindOf = (verb: Verb): Kind => verb.slice(0, verb.indexOf(".")) as Kind;
