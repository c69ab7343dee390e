import { expect, test } from "vitest";
import { WORD_SIZE_MAX, WordText } from "../../../monitor/zookeeper/word-text.ts";

test("an answer is cut at its bound, and says so", () => {
  const text = new WordText();
  const line = "x".repeat(1023);
  let lines = 0;
  while (!text.isCut) {
    text.line(line);
    lines += 1;
  }
  text.line("more");
  const bytes = text.toBytes();
  expect(lines).toBe(WORD_SIZE_MAX / 1024);
  expect(Buffer.from(bytes.subarray(WORD_SIZE_MAX)).toString()).toBe(
    "\n(cut here: there is more)\n",
  );
});
