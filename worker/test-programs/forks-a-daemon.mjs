// Exits 0 and leaves a grandchild behind: own session, holds the pipes, ignores SIGTERM. `--stay`: waits beside it instead.
import { spawn } from "node:child_process";

const grandchild = `
  process.on("SIGTERM", () => {});
  setInterval(() => {}, 1000);
  console.log("daemon " + process.pid);
`;
const child = `
  const { spawn } = require("node:child_process");
  spawn(process.execPath, ["-e", ${JSON.stringify(grandchild)}], { detached: true, stdio: "inherit" }).unref();
  setTimeout(() => process.exit(0), 300);
`;
const middle = spawn(process.execPath, ["-e", child], { detached: true, stdio: "inherit" });
middle.once("exit", () => {
  if (process.argv[2] === "--stay") setInterval(() => {}, 1000);
  else process.exit(0);
});
