import { Argument, Command, Option } from "commander";
import { describe, expect, test } from "vitest";
import { completionTree } from "../../../cli/completion/completion-tree.ts";
import { present } from "../../../cluster/base/assert.ts";

const program = new Command("kelp").option("--loud", "say more");
const pool = program.command("pool").summary("pools");
pool
  .command("get")
  .alias("show")
  .summary("print one")
  .argument("<pool>", "its name")
  .addArgument(new Argument("[what]").choices(["size", "rule"]))
  .addOption(new Option("--as <form>", "how").choices(["text", "json"]))
  .addOption(new Option("--secret").hideHelp());

describe("the tree for completion", () => {
  const places = completionTree(program);

  test("has every place with what can come there", () => {
    expect(places.map(({ at }) => at)).toEqual(["", " pool", " pool get"]);
    expect(places[0]?.commands).toEqual([{ word: "pool", about: "pools" }]);
    expect(places[1]?.commands).toEqual([{ word: "get", about: "print one" }]);
  });

  test("knows other names, choices, and what only the cluster can list", () => {
    const get = present(places[2], "get");
    expect(get.spellings).toEqual([" pool get", " pool show"]);
    expect(get.choices).toEqual(["size", "rule"]);
    expect(get.listings).toEqual(["kelp pool ls"]);
    expect(get.flags).toContainEqual({
      word: "--as",
      about: "how",
      takesValue: true,
      choices: ["text", "json"],
    });
    expect(get.flags.map(({ word }) => word)).not.toContain("--secret");
  });
});
