import { expect, test } from "vitest";
import { logLines } from "../../../cli/status/log-lines.ts";

test("an event is a line, whatever is in it", () => {
  const at = { wallMs: 1_795_621_749_000, number: 1 };
  const events = [
    { ...at, level: "info" as const, text: "osd.3 boots" },
    { ...at, level: "error" as const, text: "two\nlines" },
  ];
  expect(logLines(events)).toEqual([
    "2026-11-25 15:49:09  info   osd.3 boots\n",
    "2026-11-25 15:49:09  error  two?lines\n",
  ]);
});
