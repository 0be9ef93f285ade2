import { randomBytes } from "node:crypto";

/** Differs between processes; the count behind it within one. */
const processPart = randomBytes(6).toString("hex");
let count = 0;

/** What an answer, its header X-Request-Id and the log line have in common. */
export const newRequestId = (): string => `req_${processPart}${(++count).toString(36).padStart(5, "0")}`;
