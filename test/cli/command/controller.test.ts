import { afterEach, expect, test, vi } from "vitest";
import { failureOf } from "../../../cli/failure.ts";
import { createProgram } from "../../../cli/program.ts";

afterEach(() => {
  vi.unstubAllEnvs();
});

async function kelp(...words: string[]): Promise<{ text: string; exitCode: number }> {
  vi.stubEnv("KELP_COORDINATOR", undefined);
  vi.stubEnv("KELP_KEY_FILE", undefined);
  return await createProgram("1.2.3", { writeErr: () => {} })
    .parseAsync(["controller", ...words], { from: "user" })
    .then(() => ({ text: "", exitCode: 0 }), failureOf);
}

const PLACE = ["--coordinator", "127.0.0.1:1", "--key-file", "/nowhere/key"];

test.each([
  ["without a place", [], /where the coordinator is[\s\S]*which key/],
  ["with a name that cannot be one", [...PLACE, "--name", "A b"], /"A b" is no name/],
  ["with a duration that is none", [...PLACE, "--session-timeout", "4"], /"4" is not a duration/],
])("%s it does not start, and says why", async (_, words, problem) => {
  const { text, exitCode } = await kelp(...words);
  expect(text).toMatch(problem);
  expect(exitCode).toBe(2);
});

test("without the key file it does not start", async () => {
  const { text, exitCode } = await kelp(...PLACE, "--name", "a");
  expect(text).toMatch(/cannot read the cluster key/);
  expect(exitCode).not.toBe(0);
});
