// How a call came in. For the record alone: who calls is told to each verb, and no decision depends on this.
import { AsyncLocalStorage } from "node:async_hooks";
import type { Needs } from "./request-context";

export type CameBy = {
  via: "browser" | "key" | "token" | "cli";
  /** of the key: its first characters */
  keyPrefix?: string | undefined;
  requestId?: string | undefined;
};

const calls = new AsyncLocalStorage<CameBy>();

export const viaOf = (proof: "session" | "key" | "token"): CameBy["via"] => (proof === "session" ? "browser" : proof);

/** What counts as traffic, such as reads, claims and heartbeats, is not recorded, and need not carry it. */
export const isRecorded = ({ bucket }: Needs): boolean => bucket !== "traffic";

/** What `run` does is recorded as having come by this way. */
export const cameBy = <T>(by: CameBy, run: () => T): T => calls.run(by, run);

/** Of what no door says, a command of this machine. */
export const howItCame = (): CameBy => calls.getStore() ?? { via: "cli" };
