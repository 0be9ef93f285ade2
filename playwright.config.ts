import { defineConfig } from "@playwright/test";

/** Chromium as it runs in a container: no sandbox of its own, no GPU, nothing fetched in the background. */
const CHROMIUM_ARGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

const jsonReport = process.env.PLAYWRIGHT_JSON;

export default defineConfig({
  testDir: "e2e",
  testMatch: "*.spec.ts",
  // Each has a server and a worker of its own, which e2e/fixtures.ts starts.
  workers: 2,
  // Chromium alone takes half a minute to start where two cores have ten things to do.
  timeout: 90_000,
  expect: { timeout: 10_000 },
  reporter: jsonReport ? [["list"], ["json", { outputFile: jsonReport }]] : [["list"]],
  use: {
    locale: "en-GB",
    viewport: { width: 1280, height: 800 },
    actionTimeout: 10_000,
    screenshot: "only-on-failure",
    launchOptions: {
      args: CHROMIUM_ARGS,
      ...(process.env.CHROMIUM_PATH ? { executablePath: process.env.CHROMIUM_PATH } : {}),
    },
  },
});
