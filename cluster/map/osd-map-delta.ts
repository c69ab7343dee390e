/**
 * From one epoch's map to the next: rows that changed. A delta holds new values, not operations, so applying needs no
 * knowledge of why, and a chain of deltas gives the map that they were taken from, to the byte. The digest shows it: the
 * sum, modulo 2^64, of a hash of every row, which a delta changes by its own rows only.
 */
import { assert } from "../base/assert.ts";
import { type Epoch, epoch } from "../base/ids.ts";
import { xxh64 } from "../wire/checksum.ts";
import { bytes, encode, list, optional, record, type TypeOf, u8 } from "../wire/codec.ts";
import { CodecError } from "../wire/codec-error.ts";
import { BLANK_MAP } from "./empty-map.ts";
import type { OsdMap } from "./osd-map.ts";
import { SECTIONS } from "./osd-map-sections.ts";
import type { Row, RowChange, Section } from "./section.ts";

/** PGs have a row in each of five collections at most, and OSDs in about as many. */
export const ROW_COUNT_MAX = 1 << 21;

const sectionsById = new Map(SECTIONS.map((section) => [section.id, section]));

export const deltaRow = record({ section: u8, key: bytes, value: optional(bytes) });
export type DeltaRow = TypeOf<typeof deltaRow>;
export const deltaRows = list(deltaRow, { max: ROW_COUNT_MAX });

/** Of epoch 0: what the first that is published is an edit of. */
export const EMPTY_MAP: OsdMap = { ...BLANK_MAP, digest: digestOf(BLANK_MAP) };

export interface MapEdit {
  /** The next epoch, whose digest counts the changes. */
  readonly map: OsdMap;
  readonly changes: readonly RowChange[];
}

export function nextEpoch(map: OsdMap): Epoch {
  return epoch(map.epoch + 1);
}

/** What became of `before` by an edit, as its next epoch; undefined if nothing changed. */
export function editOf(before: OsdMap, edited: OsdMap): MapEdit | undefined {
  if (before === edited) return undefined;
  assert(before.epoch === edited.epoch, "an edit is made of the map that it is compared with");
  const changes = SECTIONS.flatMap((section) => [...section.changes(before, edited)]);
  if (changes.length === 0) return undefined;
  const digest = changes.reduce(withChange, before.digest);
  return { map: { ...edited, epoch: nextEpoch(before), digest }, changes };
}

export function deltaOf(changes: readonly RowChange[]): DeltaRow[] {
  return changes.map(({ section, key, after }) => ({ section, key, value: after }));
}

/** Throws CodecError where the rows are none of this program's: their writer may be newer. */
export function applyDelta(map: OsdMap, rows: readonly DeltaRow[]): OsdMap {
  let { digest } = map;
  for (const { section, key, value } of rows) {
    const before = sectionOf(section).valueOf(map, key);
    digest = withChange(digest, { section, key, before, after: value });
  }
  return { ...withRows(map, rows), epoch: nextEpoch(map), digest };
}

/** The map of the same epoch and digest in which these rows are so. */
export function withRows(map: OsdMap, rows: readonly DeltaRow[]): OsdMap {
  const bySection = new Map<Section, DeltaRow[]>();
  for (const row of rows) {
    const section = sectionOf(row.section);
    const known = bySection.get(section);
    if (known === undefined) bySection.set(section, [row]);
    else known.push(row);
  }
  return SECTIONS.reduce((result, section) => {
    const changed = bySection.get(section);
    return changed === undefined ? result : section.apply(result, changed);
  }, map);
}

export function* rowsOf(map: OsdMap): Generator<Row> {
  for (const section of SECTIONS) yield* section.rows(map);
}

/** The map that has these rows. */
export function mapOfRows(of: Epoch, rows: readonly Row[]): OsdMap {
  return { ...applyDelta(EMPTY_MAP, rows), epoch: of };
}

/** Computed anew from every row. */
export function digestOf(map: OsdMap): bigint {
  let digest = 0n;
  for (const row of rowsOf(map)) digest += hashOf(row);
  return BigInt.asUintN(64, digest);
}

export function sectionOf(id: number): Section {
  const section = sectionsById.get(id);
  if (section !== undefined) return section;
  throw new CodecError("UNKNOWN_TYPE", `no section of the map has the number ${id}`, 0);
}

function withChange(digest: bigint, { section, key, before, after }: RowChange): bigint {
  const removed = before === undefined ? 0n : hashOf({ section, key, value: before });
  const added = after === undefined ? 0n : hashOf({ section, key, value: after });
  return BigInt.asUintN(64, digest - removed + added);
}

function hashOf(row: Row): bigint {
  return xxh64(encode(deltaRow, row));
}
