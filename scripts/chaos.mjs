// `npm run chaos -- [--seed=N] [--tasks=N] [--minutes=N] [--faults=N] [--only=FAULT] [--mutations[=NAME,…]]
// [--hostile=N [--user=ACCOUNT]] [--beside=GIT_REF]`: the engine under fire, with services of its own. The flags are e2e/chaos/main.ts's.
import { builtRun } from "./lib/built-run.mjs";

// The gate brings up PostgreSQL and Redis itself.
await builtRun("chaos", { withServices: false }, ({ start }) => start(["e2e/chaos/main.ts", ...process.argv.slice(2)]));
