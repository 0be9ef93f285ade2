// Counts what the two runners wrote down themselves, so that the last line cannot say more than they do.
import { readFileSync } from "node:fs";

const readJson = (file) => {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch {
    return null;
  }
};

const crashed = (what) => ({
  passed: 0,
  failed: 1,
  skipped: [],
  notes: [`${what} ended without a report: counted as 1 failed.`],
});

/** A runner that failed although no test did (an unhandled error, a timeout of the whole) is one failure. */
const withExit = (count, code, what) =>
  code !== 0 && count.failed === 0
    ? { ...count, failed: 1, notes: [`${what} ended with code ${code} although no test failed: counted as 1 failed.`] }
    : count;

/** @param {number} code vitest's exit code @returns {{passed: number, failed: number, skipped: string[], notes: string[]}} */
export const countVitest = (file, code) => {
  const report = readJson(file);
  if (!report?.testResults) return crashed("vitest");
  const count = { passed: 0, failed: 0, skipped: [], notes: [] };
  for (const suite of report.testResults) {
    const failedBefore = count.failed;
    for (const test of suite.assertionResults) {
      if (test.status === "passed") count.passed++;
      else if (test.status === "failed") count.failed++;
      else count.skipped.push(test.fullName);
    }
    // A file that did not load has no tests to fail.
    if (suite.status === "failed" && count.failed === failedBefore) count.failed++;
  }
  return withExit(count, code, "vitest");
};

/** @param {number} code playwright's exit code */
export const countPlaywright = (file, code) => {
  const report = readJson(file);
  if (!report?.suites) return crashed("playwright");
  const count = { passed: 0, failed: report.errors?.length ?? 0, skipped: [], notes: [] };
  const walk = (suite, names) => {
    for (const inner of suite.suites ?? []) walk(inner, [...names, inner.title]);
    for (const spec of suite.specs ?? [])
      for (const test of spec.tests) {
        if (test.status === "skipped") count.skipped.push([...names, spec.title].join(" › "));
        else if (test.status === "unexpected") count.failed++;
        else count.passed++;
      }
  };
  for (const suite of report.suites) walk(suite, [suite.title]);
  return withExit(count, code, "playwright");
};

/** @returns {{passed: number, failed: number, skipped: string[], notes: string[]}} */
export const sum = (counts) => ({
  passed: counts.reduce((total, one) => total + one.passed, 0),
  failed: counts.reduce((total, one) => total + one.failed, 0),
  skipped: counts.flatMap((one) => one.skipped),
  notes: counts.flatMap((one) => one.notes),
});
