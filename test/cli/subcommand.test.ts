import { Command } from "commander";
import { expect, test } from "vitest";
import { type Confirmed, subcommand, takesConfirmation } from "../../cli/subcommand.ts";

test("a command says the same in the list and in its help", () => {
  const made = subcommand(new Command("x"), "tree", "draw a tree");
  expect([made.name(), made.summary(), made.description()]).toEqual([
    "tree",
    "draw a tree",
    "Draw a tree.",
  ]);
});

test("a confirmation is one long word", async () => {
  let flags: Confirmed = {};
  const command = takesConfirmation(new Command("x")).action((given: Confirmed) => {
    flags = given;
  });
  await command.parseAsync(["--yes-i-really-mean-it"], { from: "user" });
  expect(flags).toEqual({ yesIReallyMeanIt: true });
});
