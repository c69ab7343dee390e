import { describe, expect, test } from "vitest";
import { Trace } from "./trace.ts";

type Line = readonly [timeMs: number, who: string, kind: string, detail: string];

function digestOf(...lines: Line[]): string {
  const trace = new Trace();
  for (const line of lines) trace.record(...line);
  return trace.digest();
}

describe("a trace's digest", () => {
  const line: Line = [12.5, "osd.1", "deliver", "<- mon.0 accept"];

  test("is that of its records", () => {
    expect(digestOf(line, line)).toBe(digestOf(line, line));
    expect(digestOf(line)).toMatch(/^[0-9a-f]{16}$/);
  });

  test.each<{ what: string; other: Line[] }>([
    { what: "the time", other: [[12.500000001, "osd.1", "deliver", "<- mon.0 accept"]] },
    { what: "who", other: [[12.5, "osd.2", "deliver", "<- mon.0 accept"]] },
    { what: "the kind", other: [[12.5, "osd.1", "drop", "<- mon.0 accept"]] },
    { what: "the detail", other: [[12.5, "osd.1", "deliver", "<- mon.0 accepted"]] },
    { what: "where a field ends", other: [[12.5, "osd.1d", "eliver", "<- mon.0 accept"]] },
    { what: "how many there are", other: [line, line] },
  ])("depends on $what", ({ other }) => {
    expect(digestOf(...other)).not.toBe(digestOf(line));
  });

  test("depends on the order", () => {
    const next: Line = [12.5, "osd.2", "crash", ""];
    expect(digestOf(line, next)).not.toBe(digestOf(next, line));
  });

  test("is the same on every machine", () => {
    expect(digestOf(line, [1e9 / 3, "client.0", "info", "größer ✓"])).toBe("bbcf498116c9a3b1");
  });
});

describe("a trace's text", () => {
  test("is one aligned line for each record, as it happens", () => {
    const lines: string[] = [];
    const trace = new Trace({ sink: (line) => lines.push(line) });
    trace.record(12_345.678, "osd.1", "deliver", "<- mon.0 accept slot=4");
    trace.record(0.001, "client.12", "crash", "");
    expect(lines).toEqual([
      "  12.345678 osd.1     deliver  <- mon.0 accept slot=4",
      "   0.000001 client.12 crash",
    ]);
  });

  test.each([0, 1, 3, 4, 10])("of the latest lines survives %i records", (count) => {
    const trace = new Trace({ tailLines: 3 });
    for (let index = 0; index < count; index++) trace.record(0, "a", "k", String(index));
    const kept = Array.from({ length: count }, (_, index) => String(index)).slice(-3);
    expect(trace.tail().map((line) => line.split(" ").at(-1))).toEqual(kept);
  });
});
