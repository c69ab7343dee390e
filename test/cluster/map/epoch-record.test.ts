import { expect, test } from "vitest";
import { epoch, osdId } from "../../../cluster/base/ids.ts";
import {
  applyRecord,
  type EpochRecord,
  epochRecord,
  REQUESTS_PER_EPOCH_MAX,
  undoRecord,
} from "../../../cluster/map/epoch-record.ts";
import { deltaOf, editOf } from "../../../cluster/map/osd-map-delta.ts";
import { inverseOf } from "../../../cluster/map/undo.ts";
import { decode, encode } from "../../../cluster/wire/codec.ts";
import { osdMapWorld } from "./osd-map-world.ts";

const map = osdMapWorld({ racks: 1, hosts: 3, osds: 1 });
const share = { weight: 0, primaryAffinity: 0x10000 };
const edit = editOf(map, { ...map, shares: new Map(map.shares).set(osdId(1), share) });
const changes = edit?.changes ?? [];

const RECORD: EpochRecord = {
  epoch: epoch(2),
  wallMs: 1_700_000_000_000,
  controller: "controller.a",
  causes: [{ author: "client.admin", what: "mark osd.1 out" }],
  requests: ["9f3c-1"],
  rows: deltaOf(changes),
  digest: edit?.map.digest ?? 0n,
};

test("a record is read back as it was written", () => {
  expect(decode(epochRecord, encode(epochRecord, RECORD))).toEqual(RECORD);
});

test("the undo of an epoch is read back as it was written, with its intent alone", () => {
  const undo = { epoch: epoch(2), inverse: inverseOf(changes) };
  expect(undo.inverse).toHaveLength(1);
  expect(decode(undoRecord, encode(undoRecord, undo))).toEqual(undo);
});

test("applied to the map before, it gives the map that was published", () => {
  expect(applyRecord(map, RECORD)).toEqual(edit?.map);
});

test("it is refused where its rows give another map", () => {
  const damaged = expect.objectContaining({ name: "CodecError", code: "BAD_CHECKSUM" });
  expect(() => applyRecord(map, { ...RECORD, rows: [] })).toThrow(damaged);
  expect(() => applyRecord(map, { ...RECORD, digest: 1n })).toThrow(damaged);
  const twice = [...RECORD.rows, ...RECORD.rows];
  expect(() => applyRecord(map, { ...RECORD, rows: twice })).toThrow(damaged);
});

test("it is applied to no other epoch than the one before it", () => {
  expect(() => applyRecord(map, { ...RECORD, epoch: epoch(3) })).toThrow("does not follow");
});

test("it holds so many requests and no more", () => {
  const requests = Array.from({ length: REQUESTS_PER_EPOCH_MAX }, (_, id) => String(id));
  const full = { ...RECORD, requests };
  expect(decode(epochRecord, encode(epochRecord, full)).requests).toEqual(requests);
  expect(() => encode(epochRecord, { ...full, requests: [...requests, "one more"] })).toThrow();
});
