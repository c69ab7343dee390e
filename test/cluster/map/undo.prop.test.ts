/** Undo after random histories, beside a twin that puts the old rows back into the list of all rows. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { osdId } from "../../../cluster/base/ids.ts";
import { mapProblems } from "../../../cluster/map/map-problems.ts";
import type { OsdMap } from "../../../cluster/map/osd-map.ts";
import { digestOf, editOf, mapOfRows, rowsOf } from "../../../cluster/map/osd-map-delta.ts";
import { placementOf } from "../../../cluster/map/osd-map-placement.ts";
import { SECTIONS } from "../../../cluster/map/osd-map-sections.ts";
import type { Row } from "../../../cluster/map/section.ts";
import { type Inverse, inverse, inverseOf, undo } from "../../../cluster/map/undo.ts";
import { decode, encode } from "../../../cluster/wire/codec.ts";
import {
  edited,
  FACT_EDITS,
  INTENT_EDITS,
  LIFE_EDITS,
  type Step,
  startMap,
} from "./random-edits.ts";

const INTENT = new Set(SECTIONS.filter(({ isIntent }) => isIntent).map(({ id }) => id));

const [UPMAP, UPMAP_ITEMS] = [8, 9];
const NOTHING = new Uint8Array();

function stepsOf(edits: object): fc.Arbitrary<Step> {
  return fc.record({ edit: fc.constantFrom(...Object.keys(edits)), seed: fc.nat() });
}

const intentStep = stepsOf(INTENT_EDITS);
const historyStep = stepsOf({ ...INTENT_EDITS, ...FACT_EDITS, ...LIFE_EDITS });
const history = fc.array(historyStep, { maxLength: 10, size: "max" });

/** A step whose map could not be published is not made. */
function next(map: OsdMap, step: Step): OsdMap {
  const draft = edited(map, step);
  return mapProblems(draft).length > 0 ? map : (editOf(map, draft)?.map ?? map);
}

function after(map: OsdMap, steps: readonly Step[]): OsdMap {
  return steps.reduce(next, map);
}

/** What is kept of the change, by way of its bytes. */
function inverseBetween(before: OsdMap, changed: OsdMap): Inverse {
  const changes = editOf(before, { ...changed, epoch: before.epoch })?.changes ?? [];
  return decode(inverse, encode(inverse, inverseOf(changes)));
}

type Rows = ReadonlyMap<string, Row>;

function rowsByKey(map: OsdMap, isWanted: (section: number) => boolean = () => true): Rows {
  const rows = [...rowsOf(map)].filter(({ section }) => isWanted(section));
  return new Map(rows.map((row) => [keyOf(row), row]));
}

function keyOf({ section, key }: Pick<Row, "section" | "key">): string {
  return `${section}:${Buffer.from(key).toString("hex")}`;
}

function placesOf(map: OsdMap): string[] {
  const placement = placementOf(map);
  return [...map.pools].flatMap(([pool, { pgNum }]) =>
    Array.from({ length: pgNum }, (_, seed) => {
      const pg = { pool, seed };
      return JSON.stringify([placement.pgToUpmap(pg), placement.pgToActing(pg)]);
    }),
  );
}

test("a change of intent and its undo are the identity on placement and on every row", () => {
  fc.assert(
    fc.property(history, intentStep, (steps, step) => {
      const before = after(startMap(), steps);
      const changed = next(before, step);
      const result = undo(changed, inverseBetween(before, changed));
      if (result.type === "refused") {
        // What it would bring back may have been published when it still led somewhere.
        for (const conflict of result.conflicts) expect(conflict).toContain("not there any more");
        return;
      }
      expect(result.map.epoch).toBe(changed.epoch);
      expect(digestOf(result.map)).toBe(before.digest);
      expect(placesOf(result.map)).toEqual(placesOf(before));
    }),
    { numRuns: 120 },
  );
});

test("undo never moves a fact, whatever happened since", () => {
  fc.assert(
    fc.property(history, historyStep, history, (steps, step, since) => {
      const before = after(startMap(), steps);
      const changed = next(before, step);
      const now = after(changed, since);
      const result = undo(now, inverseBetween(before, changed));
      if (result.type === "refused") return;
      const isFact = (section: number): boolean => !INTENT.has(section);
      expect(rowsByKey(result.map, isFact)).toEqual(rowsByKey(now, isFact));
      expect([...result.map.osds.keys()]).toEqual([...result.map.shares.keys()]);
      expect([...result.map.pools.keys()]).toEqual([...result.map.poolSettings.keys()]);
    }),
    { numRuns: 150 },
  );
});

test("it is refused exactly where a row was changed since or the outcome could not be published", () => {
  const seen = { refused: 0, undone: 0 };
  fc.assert(
    fc.property(history, historyStep, history, (steps, step, since) => {
      const before = after(startMap(), steps);
      const changed = next(before, step);
      const now = after(changed, since);
      const edit = inverseBetween(before, changed);
      const result = undo(now, edit);
      const wanted = twinOf(now, edit);
      seen[result.type] += 1;
      expect(result.type).toBe(wanted === undefined ? "refused" : "undone");
      if (result.type === "undone" && wanted !== undefined) {
        expect(rowsByKey(result.map)).toEqual(rowsByKey(wanted));
        expect(mapProblems(result.map)).toEqual([]);
      }
      if (result.type === "refused") {
        for (const conflict of result.conflicts) expect(conflict).toMatch(/^[a-zA-Z].* .*[^ ]$/);
        expect(result.conflicts).not.toEqual([]);
      }
    }),
    { numRuns: 250 },
  );
  expect(Math.min(seen.refused, seen.undone)).toBeGreaterThan(10);
});

/** The map with the old rows; undefined if that must not be. */
function twinOf(now: OsdMap, edit: Inverse): OsdMap | undefined {
  const rows = new Map(rowsByKey(now));
  const isSame = (left: Uint8Array | undefined, right: Uint8Array | undefined): boolean =>
    JSON.stringify(left) === JSON.stringify(right);
  for (const { section, key, before, after: made } of edit) {
    const name = keyOf({ section, key });
    if (!isSame(rows.get(name)?.value, made)) return undefined;
    if (before === undefined) rows.delete(name);
    else rows.set(name, { section, key, value: before });
  }
  const map = mapOfRows(now.epoch, [...rows.values()]);
  return mapProblems(map).length > 0 || leadsNowhere(map, edit) ? undefined : map;
}

/** Whether an upmap that came back names an OSD that is not there. */
function leadsNowhere({ osds }: OsdMap, edit: Inverse): boolean {
  const back = edit.flatMap(({ section, before = NOTHING }) => targetsOf(section, before));
  return back.some((osd) => !osds.has(osdId(osd)));
}

/** Both kinds are lists of 32-bit ids, of which the items' every second one is a target. */
function targetsOf(section: number, value: Uint8Array): number[] {
  const view = new DataView(value.buffer, value.byteOffset, value.byteLength);
  const ids: number[] = [];
  if (section !== UPMAP && section !== UPMAP_ITEMS) return ids;
  const [first, step] = section === UPMAP ? [4, 4] : [8, 8];
  for (let at = first; at < value.byteLength; at += step) ids.push(view.getUint32(at, true));
  return ids;
}
