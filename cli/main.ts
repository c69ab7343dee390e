#!/usr/bin/env node
/**
 * The `kelp` command. Everything ends here: what a command throws becomes a message and an exit
 * code. The exit code is set, not exited with, so that output on its way into a pipe arrives.
 */
import { readFileSync } from "node:fs";
import { failureOf } from "./failure.ts";
import { createProgram } from "./program.ts";

/** This file runs as dist/cli/main.js, in a checkout as in an installed package. */
function packageVersion(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return String(JSON.parse(text).version);
}

function fail(error: unknown): void {
  const { text, exitCode } = failureOf(error, process.stderr.columns);
  process.stderr.write(text);
  process.exitCode = exitCode;
}

// Whoever reads our output may stop reading, as `head` does. That is no failure of the command.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
});

process.once("uncaughtException", (error) => {
  fail(error);
  process.exit();
});

await createProgram(packageVersion()).parseAsync().catch(fail);
