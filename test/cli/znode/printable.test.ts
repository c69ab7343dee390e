import { expect, test } from "vitest";
import { printable, printableText } from "../../../cli/znode/printable.ts";
import { utf8 } from "../../../cluster/base/bytes.ts";

test.each([
  ["", ""],
  ["text", "text\n"],
  ["two\nlines\n", "two\nlines\n"],
  ["tab\t é 漢 🦀", "tab\t é 漢 🦀\n"],
])("%j is shown as the text that it is", (text, shown) => {
  expect(printable(utf8(text))).toBe(shown);
  expect(printableText(utf8(text))).toBe(text);
});

test.each(["\u001b[2J", "a\r", "\u0000", "\u009b1m"])("%j would do something", (text) => {
  expect(printableText(utf8(text))).toBeUndefined();
});

test("other bytes are shown beside their characters", () => {
  const bytes = Uint8Array.from([
    0, 1, 0xff, 0x41, 0x7f, 0x20, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0x42,
  ]);
  expect(printable(bytes)).toBe(
    "00000000  00 01 ff 41 7f 20 06 07  08 09 0a 0b 0c 0d 0e 0f  |...A. ..........|\n" +
      "00000010  42                                                |B|\n",
  );
});
