import { describe, expect, test } from "vitest";
import { failureOf } from "../../cli/failure.ts";
import { parseDuration, parseLevel } from "../../cli/option.ts";

function problemOf(parse: () => unknown): { text: string; exitCode: number } {
  try {
    parse();
  } catch (error) {
    return failureOf(error);
  }
  throw new Error("it was taken");
}

describe("durations", () => {
  test("have a unit and are milliseconds", () => {
    expect([parseDuration("250ms"), parseDuration("4s"), parseDuration("10m")]).toEqual([
      250, 4_000, 600_000,
    ]);
  });

  test.each(["4", "", "-1s", "soon"])("%s is none, and the error says what is", (text) => {
    const { text: problem, exitCode } = problemOf(() => parseDuration(text));
    expect(problem).toContain(`"${text}" is not a duration`);
    expect(exitCode).toBe(2);
  });
});

describe("log levels", () => {
  test("are known by their names", () => {
    expect(parseLevel("warn")).toBe("warn");
  });

  test("others are refused with those that there are", () => {
    expect(problemOf(() => parseLevel("loud"))).toMatchObject({
      text: expect.stringMatching(/"loud" is no log level; write one of .*info/),
      exitCode: 2,
    });
  });
});
