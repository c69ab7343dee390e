import { describe, expect, test } from "vitest";
import type { Paint } from "../../cli/paint.ts";
import { fieldLines, harmless, tableLines } from "../../cli/table.ts";

const COLUMNS = [{ title: "ID", align: "right" as const }, { title: "NAME" }, { title: "STATUS" }];
const marked: Paint = (style, text) => `<${style}:${text}>`;

describe("a table", () => {
  test("is as wide as its widest cells, without spaces at the end", () => {
    const rows = [["1", "a", "up"], ["100", "a long name", ""], ["7"]];
    expect(tableLines(COLUMNS, rows)).toEqual([
      " ID  NAME         STATUS\n",
      "  1  a            up\n",
      "100  a long name\n",
      "  7\n",
    ]);
  });

  test("paints cells and not what aligns them, and measures the text alone", () => {
    const columns = [{ title: "A" }, { title: "B", align: "right" as const }, { title: "C" }];
    const rows = [
      [{ text: "x", style: "bad" as const }, { text: "1", style: "good" as const }, "end"],
      ["longer", "22", { text: "y", style: "faint" as const }],
    ];
    expect(tableLines(columns, rows, { paint: marked })).toEqual([
      "A        B  C\n",
      "<bad:x     >  <good: 1>  end\n",
      "longer  22  <faint:y>\n",
    ]);
  });

  test("goes on below itself where the screen ends, and only there", () => {
    const rows = [
      ["1", "name", "a status that goes on and on"],
      ["2", "name", "averylongwordwithoutanyspace"],
    ];
    expect(tableLines(COLUMNS, rows, { widthMax: 30 })).toEqual([
      "ID  NAME  STATUS\n",
      " 1  name  a status that goes\n",
      "          on and on\n",
      " 2  name  averylongwordwithout\n",
      "          anyspace\n",
    ]);
    expect(tableLines(COLUMNS, rows)[1]).toBe(" 1  name  a status that goes on and on\n");
    const narrow = tableLines(COLUMNS, rows, { widthMax: 3 });
    expect(narrow[1]).toBe(" 1  name  a status that\n");
  });

  test("can go on in another piece, as wide as the one before", () => {
    const columns = [{ title: "PG", widthMin: 4 }, { title: "STATE" }];
    expect(tableLines(columns, [["1.0", "a"]])).toEqual(["PG    STATE\n", "1.0   a\n"]);
    expect(tableLines(columns, [["1.1", "b"]], { withoutTitles: true })).toEqual(["1.1   b\n"]);
  });

  test("of a hundred thousand rows is no problem", () => {
    const rows = Array.from({ length: 100_000 }, (_, at) => [String(at), "x", "up"]);
    expect(tableLines(COLUMNS, rows)).toHaveLength(100_001);
  });

  test("lets no name do anything to the terminal", () => {
    expect(tableLines([{ title: "N" }], [["a\x1b[2Jb\n"]])[1]).toBe("a?[2Jb?\n");
    expect(harmless("ä\u009b")).toBe("ä?");
  });
});

test("fields stand in a line each, one below the other", () => {
  const fields = [
    ["a", "1"],
    ["longer", { text: "2", style: "good" as const }],
    ["none", ""],
  ] as const;
  expect(fieldLines(fields, { paint: marked })).toEqual([
    "a       1\n",
    "longer  <good:2>\n",
    "none\n",
  ]);
});
