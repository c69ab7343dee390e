import fc from "fast-check";
import { expect, test } from "vitest";
import { epoch } from "../../../cluster/base/ids.ts";
import { encodeRecord } from "../../../cluster/coordination/map-nodes.ts";
import { type Increment, incrementOf } from "../../../cluster/coordination/map-reader.ts";
import { RecordWindow } from "../../../cluster/coordination/record-window.ts";
import { EMPTY_MAP } from "../../../cluster/map/osd-map-delta.ts";
import { changed } from "./map-world.ts";

/** Of a size; only its epoch and its bytes matter. */
function incrementAt(of: number, size: number): Increment {
  const { record } = changed(EMPTY_MAP, { size });
  return incrementOf(encodeRecord({ ...record, epoch: epoch(of) }));
}

const NO_BOUNDS = { countMax: 1e9, bytesMax: 1e9 };

test("the window is what a list of all would be, cut to its bounds", () => {
  const bounds = fc.record({
    countMax: fc.integer({ min: 1, max: 8 }),
    bytesMax: fc.integer({ min: 0, max: 3000 }),
  });
  fc.assert(
    fc.property(
      fc.array(fc.nat({ max: 500 }), { maxLength: 20 }),
      fc.nat({ max: 25 }),
      bounds,
      bounds,
      (sizes, after, own, wanted) => {
        const window = new RecordWindow(own);
        const all = sizes.map((size, index) => incrementAt(index + 1, size));
        for (const increment of all) window.push(increment);
        let kept = all;
        const bytesOf = (some: Increment[]): number =>
          some.reduce((sum, { bytes }) => sum + bytes.byteLength, 0);
        while (kept.length > own.countMax || bytesOf(kept) > own.bytesMax) kept = kept.slice(1);
        expect(window.sizeBytes).toBe(bytesOf(kept));
        const next = kept.findIndex(({ record }) => record.epoch === after + 1);
        let found = next < 0 ? [] : kept.slice(next);
        while (found.length > wanted.countMax || bytesOf(found) > wanted.bytesMax)
          found = found.slice(0, -1);
        expect(window.since(epoch(after), wanted)).toEqual(found.map(({ bytes }) => bytes));
      },
    ),
  );
});

test("the window has no gaps, and begins anew when it is cleared", () => {
  const window = new RecordWindow();
  window.push(incrementAt(5, 1));
  expect(() => window.push(incrementAt(7, 1))).toThrow("no gaps");
  window.clear();
  window.push(incrementAt(7, 1));
  expect(window.since(epoch(6), NO_BOUNDS)).toHaveLength(1);
  expect(window.since(epoch(5), NO_BOUNDS)).toEqual([]);
});
