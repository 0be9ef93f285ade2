// What the person sees when all is up: where it is, how to sign in, and one command to try.
import { seconds } from "./steps.mjs";

/**
 * @param {{address: string, email: string, password: string, apiKey?: string, ms: number, dataDir: string, paint: (code: number, text: string) => string}} options
 * @returns {string[]} lines
 */
export const welcome = ({ address, email, password, apiKey, ms, dataDir, paint }) => {
  const body = '{"name":"first","entrypoint":"train_digits.mjs","config":{"lr":0.1,"epochs":5}}';
  const key = apiKey
    ? [
        `  API key    ${apiKey}`,
        "",
        "  Queue a first training:",
        "",
        `  curl -s ${address}/v1/tasks -H 'Authorization: Bearer ${apiKey}' -H 'Content-Type: application/json' -d '${body}'`,
      ]
    : ["  API key    made earlier and not kept here; for a new one: npm run -s account -- add EMAIL"];
  return [
    "",
    `  MLQueue is ready after ${seconds(ms)}: ${paint(1, address)}`,
    "",
    `  Sign in    ${email}  ${password}`,
    ...key,
    "",
    `  Data and logs are in ${dataDir}. Ctrl-C stops everything.`,
    "",
  ];
};
