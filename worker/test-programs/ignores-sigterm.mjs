// Says that it is ready, then lives on through every SIGTERM, and says so.
process.on("SIGTERM", () => console.log("ignored SIGTERM"));
setInterval(() => {}, 1000);
console.log("ready");
