// Types of a client, made by openapi-typescript from the document on stdin, to stdout. A program of its own, since openapi-typescript
// asks for `typescript` and works with version 5 of it alone, where this repository compiles with a newer one.
import { register } from "node:module";
import { json } from "node:stream/consumers";

const hook = `export const resolve = (name, context, next) => next(name === "typescript" ? "typescript5" : name, context);`;
register(`data:text/javascript,${encodeURIComponent(hook)}`);

const { default: openapiTS, astToString } = await import("openapi-typescript");
process.stdout.write(astToString(await openapiTS(await json(process.stdin))));
