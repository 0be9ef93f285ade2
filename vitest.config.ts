import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: [
      "src/**/*.test.ts",
      "worker/**/*.test.ts",
      "scripts/**/*.test.ts",
      "examples/**/*.test.ts",
      "e2e/**/*.test.ts",
      "bench/**/*.test.ts",
    ],
    testTimeout: 20_000,
    hookTimeout: 60_000,
    // Real services and real child processes on a small machine: two files at a time.
    maxWorkers: 2,
    pool: "forks",
  },
});
