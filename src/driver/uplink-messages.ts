// What the training's thread and the uplink's thread say to each other.
import type { AbortKind } from "./errors";
import type { RunKey } from "./records";
import type { Progress } from "./server-api";

export type UplinkSettings = {
  url: string;
  apiKey: string;
  unitId: string;
  driverName: string;
  slots: number;
  spoolFolder: string;
  heartbeatMs: number;
  gatherMs: number;
};

export type ToUplink =
  | { type: "start"; key: RunKey }
  /** records as JSON: they go to the spool as they are */
  | { type: "add"; key: RunKey; records: string[] }
  | { type: "progress"; key: RunKey; progress: Progress }
  /** Send what there is for so long, then leave the rest on disk. */
  | { type: "close"; withinMs: number };

export type FromUplink =
  | { type: "abort"; key: RunKey; kind: Exclude<AbortKind, "drain"> }
  | { type: "settled"; key: RunKey; as: "delivered" | "cancelled" | "lost" }
  | { type: "say"; text: string }
  /** `left`: runs whose records are still on disk */
  | { type: "closed"; left: number };
