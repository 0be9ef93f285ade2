// Behaves well: on SIGTERM it saves for a moment and exits 0.
process.on("SIGTERM", () => {
  setTimeout(() => {
    console.log("saved");
    process.exit(0);
  }, 200);
});
setInterval(() => {}, 1000);
console.log("ready");
