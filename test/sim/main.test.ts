import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { replicatedCounter } from "./demo/replicated-counter.ts";
import { runSimulation } from "./simulation.ts";

const PROGRAM = fileURLToPath(new URL("../../dist/test/sim/main.js", import.meta.url));

function sim(...words: string[]): Promise<{ exitCode: number; output: string; errors: string }> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [PROGRAM, ...words],
      { maxBuffer: 64 << 20 },
      (_, output, errors) => resolve({ exitCode: child.exitCode ?? -1, output, errors }),
    );
  });
}

describe("npm run sim", () => {
  test("in another process prints the same trace to the last byte", async () => {
    const lines: string[] = [];
    const sink = (line: string): void => {
      lines.push(line);
    };
    const { digest } = await runSimulation(11, replicatedCounter(), { sink });
    const { exitCode, output } = await sim("--seed", "11", "--trace");
    expect(exitCode).toBe(0);
    expect(output.split("\n").slice(0, lines.length)).toEqual(lines);
    expect(output).toContain(`1 of 1 seeds, latest 11,`);
    expect(output).toContain(`digest ${digest}`);
  });

  test.each([
    { scenario: "counter", exitCode: 0, prints: "20 of 20 seeds" },
    { scenario: "counter-backup-acks-early", exitCode: 1, prints: "CORRECTNESS" },
    { scenario: "counter-primary-answers-early", exitCode: 1, prints: "CORRECTNESS" },
    { scenario: "counter-primary-replicates-early", exitCode: 3, prints: "CRASH" },
    { scenario: "counter-primary-never-resends", exitCode: 4, prints: "LIVENESS" },
    { scenario: "ensemble-lost-disks", exitCode: 0, prints: "20 of 20 seeds" },
    { scenario: "ensemble-accepts-early", exitCode: 1, prints: "CORRECTNESS" },
  ])("exits with $exitCode for $scenario", async ({ scenario, exitCode, prints }) => {
    const result = await sim("--scenario", scenario, "--seed", "1", "--seeds", "20");
    expect(result.errors).toBe("");
    expect(result.output).toContain(prints);
    expect(result.exitCode).toBe(exitCode);
  });

  test("prints what it takes to understand a failure, and a replay fails the same way", async () => {
    const scenario = "counter-backup-acks-early";
    const first = await sim("--scenario", scenario, "--seed", "1", "--seeds", "20");
    const report = first.output.slice(first.output.indexOf("CORRECTNESS"));
    const seed = /seed (\d+):/.exec(report)?.[1] ?? "none";
    expect(report).toMatch(/sizes +backups \d/);
    expect(report).toMatch(/network +delayMsMin=/);
    expect(report).toContain(`npm run sim -- --scenario ${scenario} --seed ${seed} --trace`);
    const second = await sim("--scenario", scenario, "--seed", seed, "--trace");
    expect(second.exitCode).toBe(1);
    expect(second.output.slice(second.output.indexOf("CORRECTNESS"))).toBe(report);
  });

  test("ends when its time is over", async () => {
    const { exitCode, output } = await sim("--minutes", "0.002");
    expect(exitCode).toBe(0);
    expect(output).toMatch(/counter: \d+ seeds, latest \d+, \d+ events\/s, all passed/);
  });

  test.each([
    { words: ["--scenario", "none"], says: "There are: counter," },
    { words: ["--seed", "x"], says: "whole number" },
    { words: ["--minutes", "0"], says: "above 0" },
    { words: ["--sed", "1"], says: "--seed" },
    { words: ["1"], says: "arguments" },
  ])("refuses $words with exit code 2", async ({ words, says }) => {
    const { exitCode, errors } = await sim(...words);
    expect(errors).toContain(says);
    expect(exitCode).toBe(2);
  });

  test("explains itself", async () => {
    const { exitCode, output } = await sim("--help");
    expect(exitCode).toBe(0);
    expect(output).toContain("--scenario <name>");
  });
});
