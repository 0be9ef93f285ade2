// Prints how many bytes stdin gave before its end.
let bytes = 0;
for await (const chunk of process.stdin) bytes += chunk.length;
console.log(`stdin ended after ${bytes} bytes`);
