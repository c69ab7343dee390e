import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AssertionError } from "../../../cluster/base/assert.ts";
import { textOf, utf8 } from "../../../cluster/base/bytes.ts";
import { Log, type LogEntry } from "../../../monitor/consensus/log.ts";

function entry(text: string, round = 1): LogEntry {
  return { round, value: utf8(text) };
}

function logOf(...texts: string[]): Log {
  const log = new Log(1);
  for (const [index, text] of texts.entries()) log.put(index + 1, entry(text));
  return log;
}

function textsOf(entries: readonly LogEntry[]): string[] {
  return entries.map(({ value }) => textOf(value));
}

describe("a log", () => {
  test("begins where it was told, and is empty then", () => {
    const log = new Log(5);
    expect([log.first, log.last, log.bytes]).toEqual([5, 4, 0]);
    expect(log.entry(5)).toBeUndefined();
  });

  test("replaces an entry, and counts the bytes of the new one", () => {
    const log = logOf("a", "bb", "c");
    log.put(2, entry("four", 2));
    expect(log.entry(2)).toEqual(entry("four", 2));
    expect([log.last, log.bytes]).toEqual([3, 6]);
  });

  test("refuses a gap, and what is trimmed", () => {
    const log = logOf("a", "b", "c");
    log.trimTo(2);
    expect(() => log.put(5, entry("x"))).toThrow(AssertionError);
    expect(() => log.put(2, entry("x"))).toThrow(AssertionError);
    expect(() => log.trimTo(4)).toThrow(AssertionError);
    expect(log.entry(2)).toBeUndefined();
    expect(textsOf(log.slice(3, 9, 100))).toEqual(["c"]);
  });

  test.each([
    { from: 1, to: 3, bytesMax: 100, gives: ["a", "bb", "ccc"] },
    { from: 2, to: 2, bytesMax: 100, gives: ["bb"] },
    { from: 1, to: 3, bytesMax: 3, gives: ["a", "bb"] },
    { from: 3, to: 3, bytesMax: 1, gives: ["ccc"] },
    { from: 3, to: 2, bytesMax: 100, gives: [] },
    { from: 4, to: 9, bytesMax: 100, gives: [] },
  ])(
    "slices $from..$to of at most $bytesMax bytes, and always one",
    ({ from, to, bytesMax, gives }) => {
      expect(textsOf(logOf("a", "bb", "ccc").slice(from, to, bytesMax))).toEqual(gives);
    },
  );

  test("goes on elsewhere after a restart, and only later", () => {
    const log = logOf("a", "b");
    log.restart(9);
    expect([log.first, log.last, log.bytes]).toEqual([9, 8, 0]);
    log.put(9, entry("x"));
    expect(log.entry(9)).toEqual(entry("x"));
    expect(() => log.restart(9)).toThrow(AssertionError);
  });
});

/** An array of all slots, of which the trimmed ones are holes. */
class DumbLog {
  first = 1;
  slots: (LogEntry | undefined)[] = [undefined];

  put(slot: number, value: LogEntry): void {
    this.slots[slot] = value;
  }

  trimTo(slot: number): void {
    for (let old = this.first; old <= slot; old++) this.slots[old] = undefined;
    this.first = Math.max(this.first, slot + 1);
  }

  restart(first: number): void {
    this.first = first;
    this.slots = Array<undefined>(first).fill(undefined);
  }

  get bytes(): number {
    return this.slots.reduce((sum, each) => sum + (each?.value.byteLength ?? 0), 0);
  }
}

test("a log is an array without its front, through thousands of trims", () => {
  const action = fc.oneof(
    { weight: 20, arbitrary: fc.record({ type: fc.constant("append"), count: fc.nat(900) }) },
    { weight: 5, arbitrary: fc.record({ type: fc.constant("replace"), count: fc.nat(50) }) },
    { weight: 10, arbitrary: fc.record({ type: fc.constant("trim"), count: fc.nat(1_500) }) },
    { weight: 1, arbitrary: fc.record({ type: fc.constant("restart"), count: fc.nat(20) }) },
  );
  fc.assert(
    fc.property(fc.array(action, { maxLength: 40 }), (actions) => {
      const log = new Log(1);
      const dumb = new DumbLog();
      for (const [step, { type, count }] of actions.entries()) {
        const { first, last } = log;
        if (type === "append") {
          for (let slot = last + 1; slot <= last + count; slot++) {
            const added = entry(`${slot}`, step);
            log.put(slot, added);
            dumb.put(slot, added);
          }
        } else if (type === "replace" && last - count >= first) {
          log.put(last - count, entry("other", step));
          dumb.put(last - count, entry("other", step));
        } else if (type === "trim") {
          const slot = Math.min(last, first + count - 1);
          log.trimTo(slot);
          dumb.trimTo(slot);
        } else if (type === "restart") {
          log.restart(last + 2 + count);
          dumb.restart(last + 2 + count);
        }
        expect(log.first).toBe(dumb.first);
        expect(log.last).toBe(dumb.slots.length - 1);
        expect(log.bytes).toBe(dumb.bytes);
        for (const slot of [log.first - 1, log.first, log.last, log.last + 1]) {
          expect(log.entry(slot)).toEqual(slot < 1 ? undefined : dumb.slots[slot]);
        }
        expect(log.slice(log.first, log.last, 1e9)).toEqual(dumb.slots.slice(dumb.first));
      }
    }),
    { numRuns: 60 },
  );
});
