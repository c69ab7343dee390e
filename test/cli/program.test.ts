import { type Command, CommanderError } from "commander";
import { describe, expect, test } from "vitest";
import { EXIT_CODE } from "../../cli/exit-code.ts";
import { failureOf } from "../../cli/failure.ts";
import { createProgram } from "../../cli/program.ts";

interface Outcome {
  readonly out: string;
  readonly err: string;
  readonly error: unknown;
}

async function kelp(...words: string[]): Promise<Outcome> {
  let out = "";
  let err = "";
  const program = createProgram("1.2.3", {
    writeOut: (text) => {
      out += text;
    },
    writeErr: (text) => {
      err += text;
    },
  });
  const error = await program.parseAsync(words, { from: "user" }).catch((thrown) => thrown);
  return { out, err, error };
}

function placesBelow(command: Command, words: readonly string[]): string[][] {
  return command.commands.flatMap((each) => {
    const path = [...words, each.name()];
    return [path, ...placesBelow(each, path)];
  });
}

describe("the command line", () => {
  test.each([["--version"], ["-V"]])("%s prints the version alone", async (flag) => {
    const { out, err, error } = await kelp(flag);
    expect({ out, err }).toEqual({ out: "1.2.3\n", err: "" });
    expect(failureOf(error).exitCode).toBe(EXIT_CODE.ok);
  });

  test.each([
    [["--help"], "Exit codes:"],
    [["-h"], "Commands:"],
    [["help"], "Commands:"],
    [["help", "up"], "Usage: kelp up"],
    [["up", "--help"], "Usage: kelp up"],
  ])("%j prints help in at most 80 columns", async (words, part) => {
    const { out, err, error } = await kelp(...words);
    expect(out).toContain(part);
    expect(err).toBe("");
    expect(out.split("\n").filter((line) => line.length > 80)).toEqual([]);
    expect(failureOf(error).exitCode).toBe(EXIT_CODE.ok);
  });

  test("every command has help in at most 80 columns", async () => {
    const paths = placesBelow(createProgram("1.2.3"), []);
    expect(paths.length).toBeGreaterThan(100);
    for (const path of paths) {
      const { out } = await kelp(...path, "--help");
      expect(out).toContain(`Usage: kelp ${path.join(" ")}`);
      const long = out.split("\n").filter((line) => line.length > 80);
      expect({ path, long }).toEqual({ path, long: [] });
    }
  });

  test("help lists every exit code", async () => {
    const { out } = await kelp("--help");
    const codes = [...out.matchAll(/^ {2}(\d+) /gm)].map(([, code]) => Number(code));
    expect(codes).toEqual(Object.values(EXIT_CODE));
  });

  test.each([
    [["stauts"], "kelp: unknown command 'stauts'\n(Did you mean status?)"],
    [["--verson"], "kelp: unknown option '--verson'\n(Did you mean --version?)"],
    [["up", "now"], "kelp: too many arguments for 'up'"],
    [["pu"], "(kelp --help lists the commands)"],
    [["osd", "x"], "(kelp osd --help lists the commands)"],
    [["quorum", "status", "--x"], "(kelp quorum status --help says how to use it)"],
    [[], "Usage: kelp"],
  ])("%j is wrong usage", async (words, message) => {
    const { out, err, error } = await kelp(...words);
    expect(error).toBeInstanceOf(CommanderError);
    expect(failureOf(error).exitCode).toBe(EXIT_CODE.usage);
    expect(err).toContain(message);
    expect(out).toBe("");
  });
});
