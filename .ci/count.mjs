/**
 * node .ci/count.mjs RESULT STATUS: prints "N passed, N failed, N skipped" from vitest's JSON
 * result, and exits with 1 if anything failed. STATUS is how the steps before ended.
 *
 * What counts as failed beside failed tests, so that no broken run looks like a good one: a file
 * that could not be loaded (it has no tests to count), a result that is missing, unreadable or
 * empty, and steps that failed although no test did (the linter, the compiler, an error outside
 * every test).
 */
import { readFileSync } from "node:fs";

/** Any other word, "pending" among them, is a test that began and never ended. */
const KINDS = { passed: "passed", skipped: "skipped", todo: "skipped" };

function readResult(path) {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    process.stderr.write(`no result of the tests: ${error.message}\n`);
    return undefined;
  }
}

/** A file that failed without a failed test did not load, or failed around its tests. */
function outcomesOf(file) {
  const tests = Array.isArray(file?.assertionResults) ? file.assertionResults : [];
  const outcomes = tests.map((test) => KINDS[test?.status] ?? "failed");
  const isBroken = file?.status !== "passed" && !outcomes.includes("failed");
  return isBroken ? [...outcomes, "failed"] : outcomes;
}

function count(result, status) {
  const files = Array.isArray(result?.testResults) ? result.testResults : [];
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const outcome of files.flatMap(outcomesOf)) counts[outcome] += 1;
  const isGood = result?.success === true && status === "0" && counts.passed > 0;
  if (!isGood && counts.failed === 0) counts.failed = 1;
  return counts;
}

const [path = "", status = ""] = process.argv.slice(2);
const { passed, failed, skipped } = count(readResult(path), status);
process.stdout.write(`${passed} passed, ${failed} failed, ${skipped} skipped\n`);
process.exitCode = failed === 0 ? 0 : 1;
