import { CommanderError, InvalidArgumentError } from "commander";
import { describe, expect, test } from "vitest";
import { EXIT_CODE } from "../../cli/exit-code.ts";
import { CommandError, failureOf } from "../../cli/failure.ts";
import { assert } from "../../cluster/base/assert.ts";
import { ClusterError } from "../../cluster/base/error.ts";
import { ZooKeeperError } from "../../cluster/zookeeper/zookeeper-error.ts";

describe("how a command ends", () => {
  test.each<[what: string, error: unknown, exitCode: number]>([
    ["help was asked for", new CommanderError(0, "commander.helpDisplayed", ""), 0],
    ["wrong usage", new CommanderError(1, "commander.unknownCommand", "x"), 2],
    ["the command says so", new CommandError(EXIT_CODE.unavailable, "not here"), 69],
    ["the world failed", new ClusterError("TIMEOUT", "osd.3 is silent"), 1],
    ["a server refused", new ZooKeeperError("NOAUTH", { operation: "getData", path: "/a" }), 1],
    ["it was told to stop", new ClusterError("INTERRUPTED", "ending"), 130],
    ["an assertion failed", thrownBy(() => assert(false, "never")), 70],
    ["something that is no error was thrown", "a word", 70],
    ["nothing was thrown", undefined, 70],
  ])("%s", (_, error, exitCode) => {
    expect(failureOf(error).exitCode).toBe(exitCode);
  });

  test("what a server refused is told in one line", () => {
    const error = new ZooKeeperError("NOAUTH", { operation: "getData", path: "/a" });
    const { text } = failureOf(error, 200);
    expect(text).toMatch(/^kelp: getData \/a: NOAUTH: .*\n$/);
    expect(text.split("\n")).toHaveLength(2);
  });

  test("what Commander has said is not said again", () => {
    expect(failureOf(new CommanderError(1, "commander.unknownCommand", "x")).text).toBe("");
  });

  test("what an action finds wrong with an argument is told, as wrong usage", () => {
    const failure = failureOf(new InvalidArgumentError("A number is needed."));
    expect(failure).toEqual({ text: "kelp: A number is needed.\n", exitCode: EXIT_CODE.usage });
  });

  test("a failure of the world is explained, with its causes and without a stack", () => {
    const cause = new Error("connect ECONNREFUSED", { cause: "no route" });
    const { text } = failureOf(new ClusterError("UNREACHABLE", "osd.3 at h:6800", { cause }));
    expect(text).toBe(
      "kelp: osd.3 at h:6800 (UNREACHABLE: no connection to the peer; check that it\n" +
        "  runs and that its address is right)\n" +
        "  because: connect ECONNREFUSED\n  because: no route\n",
    );
  });

  test("lines are as wide as the terminal, but for what has no space in it", () => {
    const path = `/var/lib/${"x".repeat(90)}`;
    const lines = `cannot open ${path}: one two\n  Try ${"again ".repeat(20)}and again.`;
    const { text } = failureOf(new CommandError(EXIT_CODE.failure, lines), 40);
    expect(text.split("\n")).toEqual([
      "kelp: cannot open",
      `  ${path}:`,
      "  one two",
      "  Try again again again again again",
      "    again again again again again again",
      "    again again again again again again",
      "    again again again and again.",
      "",
    ]);
  });

  test("a cause that its error has told already is not told again", () => {
    const cause = new Error("ENOENT: no such file", { cause: new Error("ENOENT") });
    const error = new ClusterError("STORE_FAILED", "cannot read a: ENOENT: no such file", {
      cause,
    });
    expect(failureOf(error).text).not.toContain("because");
    const other = new Error("Database failed to open", { cause });
    expect(
      failureOf(new ClusterError("STORE_FAILED", "cannot open b", { cause: other })).text,
    ).toMatch(/\n {2}because: Database failed to open\n {2}because: ENOENT: no such file\n$/);
  });

  test("a circle of causes is told up to a bound", () => {
    const error = new ClusterError("TIMEOUT", "first", { cause: new Error("second") });
    Object.assign(error.cause as Error, { cause: error });
    expect(failureOf(error).text.split("\n").length).toBeLessThan(10);
  });

  test("a bug is told with its stack and what to do with it", () => {
    const { text } = failureOf(thrownBy(() => assert(false, "two leaders")));
    expect(text).toMatch(/^AssertionError: two leaders\n {4}at /);
    expect(text).toContain("failure.test.ts");
    expect(text).toMatch(/this is a bug in Kelp.*open an issue/);
    expect(text).toContain(process.version);
    expect(text).toMatch(/\.\n$/);
  });
});

function thrownBy(body: () => void): unknown {
  try {
    body();
  } catch (error) {
    return error;
  }
  throw new Error("nothing was thrown");
}
