// Prints its environment and arguments as one line of JSON.
console.log(JSON.stringify({ env: process.env, argv: process.argv.slice(2), cwd: process.cwd() }));
