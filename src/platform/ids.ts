// Ids: a prefix that names the kind, then a time-ordered random part in [a-z0-9].
import { customAlphabet } from "nanoid";

type IdPrefix =
  | "task"
  | "group"
  | "unit"
  | "run"
  | "sweep"
  | "tmpl"
  | "hook"
  | "event"
  | "sender"
  | "user"
  | "key"
  | "sid"
  | "claim";

const randomPart = customAlphabet("0123456789abcdefghijklmnopqrstuvwxyz", 14);

/**
 * A new id such as `task_mgw3x1k2q0v7d3j9s8f2ab`.
 *
 * 8 base-36 digits of milliseconds (until the year 2059), then 14 random ones (72 bits).
 */
export const newId = (prefix: IdPrefix): string =>
  `${prefix}_${Date.now().toString(36).padStart(8, "0")}${randomPart()}`;
