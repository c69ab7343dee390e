import { Command } from "commander";
import { expect, test } from "vitest";
import { registerUp } from "../../../cli/command/up.ts";
import { EXIT_CODE } from "../../../cli/exit-code.ts";

test("`kelp up` says that it is not built yet, and what works", async () => {
  const program = new Command("kelp");
  registerUp(program);
  await expect(program.parseAsync(["up"], { from: "user" })).rejects.toMatchObject({
    name: "CommandError",
    exitCode: EXIT_CODE.unavailable,
    message: expect.stringMatching(/not built yet in this version[\s\S]*npm run sim/),
  });
});
