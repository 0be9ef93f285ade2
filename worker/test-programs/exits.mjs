// usage: exits.mjs <code or signal> [line on stderr …]
const [how = "0", ...lines] = process.argv.slice(2);
for (const line of lines) console.error(line);
if (how.startsWith("SIG")) process.kill(process.pid, how);
else process.exitCode = Number(how);
