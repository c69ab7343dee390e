import { expect, test } from "vitest";
import {
  aclJson,
  dataJson,
  jsonLine,
  listingLine,
  statJson,
  statLines,
  time,
} from "../../../cli/znode/node-report.ts";
import { utf8 } from "../../../cluster/base/bytes.ts";
import { OPEN_ACL } from "../../../cluster/zookeeper/acl.ts";

const STAT = {
  czxid: 0x1_0000_0002,
  mzxid: 0x1_0000_0003,
  ctime: 1_700_000_000_000,
  mtime: 1_700_000_001_999,
  version: 1,
  cversion: 2,
  aversion: 3,
  ephemeralOwner: -0x7f00_0000_0000_0001n,
  dataLength: 4,
  numChildren: 5,
  pzxid: 0x1_0000_0004,
};

test("a stat has a line for each field", () => {
  expect(statLines(STAT).join("")).toBe(`czxid           0x100000002
ctime           2023-11-14 22:13:20
mzxid           0x100000003
mtime           2023-11-14 22:13:21
pzxid           0x100000004
version         1
cversion        2
aversion        3
ephemeralOwner  session 0x80ffffffffffffff
dataLength      4
numChildren     5
`);
  expect(statLines({ ...STAT, ephemeralOwner: 0n })[8]).toBe("ephemeralOwner  none\n");
});

test("JSON has what JavaScript's numbers cannot hold as texts", () => {
  expect(statJson(STAT)).toMatchObject({
    czxid: "0x100000002",
    ephemeralOwner: "0x80ffffffffffffff",
    ctime: 1_700_000_000_000,
  });
  expect(dataJson(utf8("é"))).toEqual({ data: "w6k=", text: "é" });
  expect(dataJson(Uint8Array.of(0))).toEqual({ data: "AA==" });
  expect(aclJson(OPEN_ACL)).toEqual({ acl: ["world:anyone:cdrwa"] });
  expect(jsonLine({ a: 1 })).toBe('{"a":1}\n');
});

test("a listing says what is ephemeral, and what has gone meanwhile", () => {
  expect(listingLine("n", STAT)).toBe("        4        5  2023-11-14 22:13:21  n  (ephemeral)\n");
  expect(listingLine("n", undefined)).toBe("        -        -                       n\n");
});

test("a time that is none is never", () => {
  expect(time(Number.MAX_SAFE_INTEGER).trim()).toBe("never");
});
