/** Chains of random edits, published as the bytes of their records, beside the maps that were edited. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { applyRecord, type EpochRecord, epochRecord } from "../../../cluster/map/epoch-record.ts";
import type { OsdMap } from "../../../cluster/map/osd-map.ts";
import {
  applyDelta,
  deltaOf,
  deltaRows,
  digestOf,
  editOf,
  mapOfRows,
  rowsOf,
} from "../../../cluster/map/osd-map-delta.ts";
import { SECTIONS } from "../../../cluster/map/osd-map-sections.ts";
import type { Row } from "../../../cluster/map/section.ts";
import { decode, encode } from "../../../cluster/wire/codec.ts";
import { CodecError } from "../../../cluster/wire/codec-error.ts";
import { EDIT_NAMES, edited, type Step, startMap } from "./random-edits.ts";

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.record({ edit: fc.constantFrom(...EDIT_NAMES), seed: fc.nat() }),
  { maxLength: 24, size: "max" },
);

function recordOf(map: OsdMap, rows: EpochRecord["rows"]): EpochRecord {
  const { epoch, digest } = map;
  const causes = [{ author: "somebody", what: "change something" }];
  return { epoch, wallMs: 1, controller: "controller.a", causes, requests: ["r1"], rows, digest };
}

interface Published {
  readonly before: OsdMap;
  readonly after: OsdMap;
  readonly bytes: Uint8Array;
}

/** The epochs that the steps give, without those that change nothing. */
function publish(given: readonly Step[]): Published[] {
  const epochs: Published[] = [];
  let before = startMap();
  for (const step of given) {
    const edit = editOf(before, edited(before, step));
    if (edit === undefined) continue;
    const { map: after, changes } = edit;
    const bytes = encode(epochRecord, recordOf(after, deltaOf(changes)));
    epochs.push({ before, after, bytes });
    before = after;
  }
  return epochs;
}

function whole(map: OsdMap): OsdMap {
  const rows = decode(deltaRows, encode(deltaRows, [...rowsOf(map)]));
  return mapOfRows(map.epoch, rows as readonly Row[]);
}

test("whoever follows the records has the edited map at every epoch", () => {
  fc.assert(
    fc.property(steps, (given) => {
      let follower = whole(startMap());
      for (const { after, bytes } of publish(given)) {
        follower = applyRecord(follower, decode(epochRecord, bytes));
        expect(follower).toEqual(after);
      }
    }),
    { numRuns: 150 },
  );
});

test("an edit that gives no epoch left every row as it was, and the others none but those of their record", () => {
  const rowTexts = (map: OsdMap): Map<string, string> => {
    const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
    return new Map(
      [...rowsOf(map)].map((row) => [`${row.section} ${hex(row.key)}`, hex(row.value)]),
    );
  };
  fc.assert(
    fc.property(steps, (given) => {
      let map = startMap();
      for (const step of given) {
        const draft = edited(map, step);
        const edit = editOf(map, draft);
        const [before, after] = [rowTexts(map), rowTexts(draft)];
        const keys = new Set([...before.keys(), ...after.keys()]);
        const differing = [...keys].filter((key) => before.get(key) !== after.get(key));
        expect(edit?.changes.length ?? 0).toBe(differing.length);
        map = edit?.map ?? map;
      }
    }),
    { numRuns: 50 },
  );
});

test("digests kept by deltas, and of a checkpoint, are those computed anew", () => {
  fc.assert(
    fc.property(steps, (given) => {
      for (const { after } of publish(given)) {
        expect(digestOf(after)).toBe(after.digest);
        expect(whole(after).digest).toBe(after.digest);
      }
    }),
    { numRuns: 60 },
  );
});

test("the rows of a map are the map", () => {
  fc.assert(
    fc.property(steps, (given) => {
      const last = publish(given).at(-1)?.after ?? startMap();
      expect(whole(last)).toEqual(last);
    }),
    { numRuns: 100 },
  );
});

test("a damaged record is refused, or says the same of the map, and changes nothing", () => {
  fc.assert(
    fc.property(steps, fc.nat(), fc.integer({ min: 1, max: 255 }), (given, at, flip) => {
      for (const { before, after, bytes } of publish(given.slice(0, 6))) {
        const damaged = Uint8Array.from(bytes);
        const place = at % damaged.length;
        damaged[place] = (damaged[place] ?? 0) ^ flip;
        const result = resultOf(before, damaged);
        if (result !== undefined) expect(digestOf(result)).toBe(after.digest);
        expect(resultOf(before, bytes.subarray(0, place))).toBeUndefined();
        expect(digestOf(before)).toBe(before.digest);
      }
    }),
    { numRuns: 150 },
  );
});

/** Undefined if the bytes are refused. A record of another epoch is not applied at all. */
function resultOf(map: OsdMap, bytes: Uint8Array): OsdMap | undefined {
  try {
    const record = decode(epochRecord, bytes);
    return record.epoch === map.epoch + 1 ? applyRecord(map, record) : undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(CodecError);
    return undefined;
  }
}

test("any bytes as a row of any section give a map or a CodecError", () => {
  const row = fc.record({
    section: fc.constantFrom(...SECTIONS.map(({ id }) => id)),
    key: fc.uint8Array({ maxLength: 16 }),
    value: fc.option(fc.uint8Array({ maxLength: 100 }), { nil: undefined }),
  });
  const map = startMap();
  fc.assert(
    fc.property(fc.array(row, { minLength: 1, maxLength: 3 }), (rows) => {
      try {
        expect(applyDelta(map, rows).epoch).toBe(map.epoch + 1);
      } catch (error) {
        expect(error).toBeInstanceOf(CodecError);
      }
      expect(map.epoch).toBe(1);
    }),
    { numRuns: 2000 },
  );
});
