import { describe, expect, test } from "vitest";
import { Progress, type ProgressOutput } from "../../cli/progress.ts";

function recorder(terminal: Partial<ProgressOutput> = {}): {
  text: string;
  output: ProgressOutput;
} {
  const recorded = {
    text: "",
    output: {
      ...terminal,
      write(text: string) {
        recorded.text += text;
      },
    },
  };
  return recorded;
}

describe("on a terminal", () => {
  test("one line is written over again", () => {
    const recorded = recorder({ isTTY: true, columns: 80 });
    const progress = new Progress("bench", recorded.output);
    progress.show({ done: 0, total: 4, what: "first" });
    progress.show({ done: 3, total: 4, what: "last" });
    expect(recorded.text).toBe(
      "\r\x1b[2Kbench [------------------------]   0 %  first" +
        "\r\x1b[2Kbench [##################------]  75 %  last",
    );
  });

  test.each([20, 40, 80])("it stays below %d columns", (columns) => {
    const recorded = recorder({ isTTY: true, columns });
    new Progress("bench", recorded.output).show({ done: 1, total: 1, what: "x".repeat(200) });
    expect(recorded.text.slice("\r\x1b[2K".length).length).toBe(columns - 1);
  });

  test("nothing is left of it", () => {
    const recorded = recorder({ isTTY: true });
    new Progress("bench", recorded.output).clear();
    expect(recorded.text).toBe("\r\x1b[2K");
  });
});

describe("elsewhere", () => {
  test("there is one plain line for each tenth of the work", () => {
    const recorded = recorder();
    const progress = new Progress("bench", recorded.output);
    for (let done = 0; done < 1000; done++) progress.show({ done, total: 1000, what: `${done}` });
    progress.clear();
    const lines = recorded.text.trimEnd().split("\n");
    expect(lines).toHaveLength(10);
    expect(lines.slice(0, 2)).toEqual(["bench   0 %  0", "bench  10 %  100"]);
  });

  test("no work is all of it", () => {
    const recorded = recorder();
    new Progress("bench", recorded.output).show({ done: 0, total: 0, what: "nothing" });
    expect(recorded.text).toBe("bench 100 %  nothing\n");
  });
});
