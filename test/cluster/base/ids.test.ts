import { describe, expect, test } from "vitest";
import { AssertionError } from "../../../cluster/base/assert.ts";
import {
  epoch,
  osdId,
  PEER_NAME_LENGTH_MAX,
  parsePeerName,
  peerName,
  poolId,
} from "../../../cluster/base/ids.ts";

describe.each([
  ["osdId", osdId],
  ["poolId", poolId],
  ["epoch", epoch],
])("%s", (_, make) => {
  test.each([0, 1, Number.MAX_SAFE_INTEGER])("takes %d", (value) => {
    expect(make(value)).toBe(value);
  });

  test.each([-1, 1.5, 2 ** 53, Number.NaN, Number.POSITIVE_INFINITY])("refuses %d", (value) => {
    expect(() => make(value)).toThrow(AssertionError);
  });
});

describe("peer names", () => {
  test.each([
    "mon.0",
    "osd.12",
    "gateway.a",
    "client.9f3c",
    "gateway.rack-1.host_2",
    `a.${"b".repeat(62)}`,
  ])("%s is one", (text) => {
    expect(parsePeerName(text)).toBe(text);
    expect(peerName(text)).toBe(text);
  });

  test.each([
    "",
    "osd",
    "osd.",
    ".3",
    "OSD.3",
    "osd.A",
    "osd3.1",
    "osd.-1",
    "osd..1",
    "osd.1 ",
    "osd.1\n",
    "osd/1",
    "osd.\u00e9",
    `a.${"b".repeat(PEER_NAME_LENGTH_MAX - 1)}`,
  ])("%j is none", (text) => {
    expect(parsePeerName(text)).toBeUndefined();
    expect(() => peerName(text)).toThrow(AssertionError);
  });
});
