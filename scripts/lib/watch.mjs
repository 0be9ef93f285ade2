// For `npm run dev`: says when a source changed that needs a restart, and shows the logs in the terminal.
import { watch } from "node:fs";
import path from "node:path";
import { readFrom, sizeOf } from "./command.mjs";
import { ROOT } from "./project.mjs";

/** Next reloads its pages and their pieces by itself; tests change nothing that runs. */
const reloadsItself = (file) =>
  /^app\/|(^|\/)ui\/|\.test\.tsx?$|\.(md|css)$|(^|\/)(testing|test-programs)\//.test(file);

/** Calls changed(file) once for a burst of changes in src/ or worker/. */
export const watchSources = (changed) => {
  let timer = null;
  const watchers = ["src", "worker"].map((folder) =>
    watch(path.join(ROOT, folder), { recursive: true }, (_, name) => {
      const file = name?.replaceAll("\\", "/");
      if (
        !file ||
        !/\.(ts|tsx|lua|sql|json)$/.test(file) ||
        (folder === "src" && reloadsItself(file)) ||
        /\.test\.ts$|test-programs\//.test(file)
      )
        return;
      clearTimeout(timer);
      timer = setTimeout(() => changed(`${folder}/${file}`), 150);
    }),
  );
  return () => {
    clearTimeout(timer);
    for (const one of watchers) one.close();
  };
};

/** Prints what is added to log files, each line after its name. */
export const showLogs = (logs, print) => {
  const offsets = new Map(Object.values(logs).map((file) => [file, sizeOf(file)]));
  const look = () => {
    for (const [name, file] of Object.entries(logs)) {
      const size = sizeOf(file);
      const from = Math.min(offsets.get(file), size);
      if (size === from) continue;
      offsets.set(file, size);
      for (const line of readFrom(file, from).trimEnd().split("\n")) print(`${name.padEnd(6)} ${line}`);
    }
  };
  const timer = setInterval(look, 200);
  return () => clearInterval(timer);
};
