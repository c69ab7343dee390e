/** Every record of the client protocol, as bytes that were put together by hand from zookeeper.jute. */
import { describe, expect, test } from "vitest";
import { EMPTY_BYTES, fromHex, toHex, utf8 } from "../../../cluster/base/bytes.ts";
import { type Codec, decode, encode } from "../../../cluster/wire/codec.ts";
import { type Acl, PERMS } from "../../../cluster/zookeeper/acl.ts";
import {
  errorResponse,
  replyHeader,
  requestHeader,
} from "../../../cluster/zookeeper/header-records.ts";
import type { Stat } from "../../../cluster/zookeeper/node-records.ts";
import { OPCODES } from "../../../cluster/zookeeper/op-codes.ts";
import {
  OPERATIONS,
  type OperationName,
  type RequestOf,
  type ResponseOf,
} from "../../../cluster/zookeeper/operations.ts";
import { connectRequest, connectResponse } from "../../../cluster/zookeeper/session-records.ts";
import { watcherEvent } from "../../../cluster/zookeeper/watch-records.ts";

const PATH = "00000002 2f61"; // "/a"
const DATA = "00000003 010203";
const NULL = "ffffffff";
const ZERO = "00000000";
const ANY = "ffffffff";
const acl: readonly Acl[] = [{ perms: PERMS.ALL, id: { scheme: "digest", id: "u:h" } }];
const ACL = "00000001 0000001f 00000006 646967657374 00000003 753a68";
const data = Uint8Array.of(1, 2, 3);

const STAT = [
  "0000000100000002", // czxid
  "0000000100000003", // mzxid
  "0000018bcfe56800", // ctime
  "0000018bcfe56801", // mtime
  "00000004", // version
  "00000005", // cversion
  "00000006", // aversion
  "0100000000000007", // ephemeralOwner
  "00000008", // dataLength
  "00000009", // numChildren
  "000000010000000a", // pzxid
].join("");
const stat: Stat = {
  czxid: 0x1_0000_0002,
  mzxid: 0x1_0000_0003,
  ctime: 1_700_000_000_000,
  mtime: 1_700_000_000_001,
  version: 4,
  cversion: 5,
  aversion: 6,
  ephemeralOwner: 0x0100000000000007n,
  dataLength: 8,
  numChildren: 9,
  pzxid: 0x1_0000_000a,
};

function check(codec: Codec<unknown>, value: unknown, parts: readonly string[]): void {
  const hex = parts.join("").replaceAll(" ", "");
  expect(toHex(encode(codec, value))).toBe(hex);
  expect(decode(codec, fromHex(hex) ?? EMPTY_BYTES)).toEqual(value);
}

test("headers", () => {
  check(requestHeader, { xid: 1, type: OPCODES.create }, ["00000001", "00000001"]);
  check(requestHeader, { xid: -2, type: OPCODES.ping }, ["fffffffe", "0000000b"]);
  check(replyHeader, { xid: 7, zxid: 0x2_0000_0001, err: -101 }, [
    "00000007",
    "0000000200000001",
    "ffffff9b",
  ]);
  check(errorResponse, { err: -103 }, ["ffffff99"]);
  check(watcherEvent, { type: 3, state: 3, path: "/a" }, ["00000003", "00000003", PATH]);
});

describe("the start of a session", () => {
  const passwd = Uint8Array.from({ length: 16 }, (_, index) => index);
  const PASSWD = "00000010 000102030405060708090a0b0c0d0e0f";
  const request = {
    protocolVersion: 0,
    lastZxidSeen: 0x1_0000_0002,
    timeOut: 30_000,
    sessionId: 0x0100000000000007n,
    passwd,
  };
  const response = { protocolVersion: 0, timeOut: 4000, sessionId: -2n, passwd };

  test.each([
    [undefined, ""],
    [false, "00"],
    [true, "01"],
  ])("with readOnly %s", (readOnly, last) => {
    check(connectRequest, { ...request, readOnly }, [
      "00000000",
      "0000000100000002",
      "00007530",
      "0100000000000007",
      PASSWD,
      last,
    ]);
    check(connectResponse, { ...response, readOnly }, [
      "00000000",
      "00000fa0",
      "fffffffffffffffe",
      PASSWD,
      last,
    ]);
  });
});

type Golden<N extends OperationName> = readonly [
  name: N,
  request: RequestOf<N>,
  requestParts: readonly string[],
  response: ResponseOf<N>,
  responseParts: readonly string[],
];

function golden<N extends OperationName>(...of: Golden<N>): Golden<N> {
  return of;
}

const create = { path: "/a", data, acl, flags: 3 };
const CREATE = [PATH, DATA, ACL, "00000003"];
const pathWatch = { path: "/a", watch: true };
const PATH_WATCH = [PATH, "01"];
const CHILDREN = "00000002 00000001 62 00000001 63";
const children = ["b", "c"];
const paths = {
  relativeZxid: 0x1_0000_0002,
  dataWatches: ["/a"],
  existWatches: [],
  childWatches: ["/a", "/"],
};
const PATHS = ["0000000100000002", "00000001", PATH, ZERO, "00000002", PATH, "00000001 2f"];
const part = (type: string, err = "ffffffff"): string => `${type} 00 ${err}`;
const END = "ffffffff 01 ffffffff";

const GOLDENS = [
  golden("create", create, CREATE, { path: "/a" }, [PATH]),
  golden(
    "create",
    { ...create, data: undefined, acl: [] },
    [PATH, NULL, ZERO, "00000003"],
    { path: "" },
    [ZERO],
  ),
  golden("create2", create, CREATE, { path: "/a", stat }, [PATH, STAT]),
  golden("createContainer", create, CREATE, { path: "/a", stat }, [PATH, STAT]),
  golden(
    "createTTL",
    { ...create, ttl: 1000 },
    [...CREATE, "00000000000003e8"],
    { path: "/a", stat },
    [PATH, STAT],
  ),
  golden("delete", { path: "/a", version: -1 }, [PATH, ANY], {}, []),
  golden("exists", pathWatch, PATH_WATCH, { stat }, [STAT]),
  golden("getData", pathWatch, PATH_WATCH, { data, stat }, [DATA, STAT]),
  golden("getData", { path: "/a", watch: false }, [PATH, "00"], { data: undefined, stat }, [
    NULL,
    STAT,
  ]),
  golden("setData", { path: "/a", data, version: 4 }, [PATH, DATA, "00000004"], { stat }, [STAT]),
  golden("getACL", { path: "/a" }, [PATH], { acl, stat }, [ACL, STAT]),
  golden("setACL", { path: "/a", acl, version: 6 }, [PATH, ACL, "00000006"], { stat }, [STAT]),
  golden("getChildren", pathWatch, PATH_WATCH, { children }, [CHILDREN]),
  golden("getChildren2", pathWatch, PATH_WATCH, { children, stat }, [CHILDREN, STAT]),
  golden("getAllChildrenNumber", { path: "/a" }, [PATH], { totalNumber: 5 }, ["00000005"]),
  golden("getEphemerals", { prefixPath: "/a" }, [PATH], { ephemerals: ["/a"] }, ["00000001", PATH]),
  golden("sync", { path: "/a" }, [PATH], { path: "/a" }, [PATH]),
  golden("check", { path: "/a", version: 1 }, [PATH, "00000001"], { stat }, [STAT]),
  golden(
    "reconfig",
    { joiningServers: undefined, leavingServers: "3", newMembers: "", curConfigId: -1 },
    [NULL, "00000001 33", ZERO, "ffffffffffffffff"],
    { data, stat },
    [DATA, STAT],
  ),
  golden("addWatch", { path: "/a", mode: 1 }, [PATH, "00000001"], { err: 0 }, [ZERO]),
  golden("checkWatches", { path: "/a", type: 1 }, [PATH, "00000001"], {}, []),
  golden("removeWatches", { path: "/a", type: 3 }, [PATH, "00000003"], {}, []),
  golden("setWatches", paths, PATHS, {}, []),
  golden(
    "setWatches2",
    { ...paths, persistentWatches: [], persistentRecursiveWatches: ["/a"] },
    [...PATHS, ZERO, "00000001", PATH],
    {},
    [],
  ),
  golden("whoAmI", {}, [], { clientInfo: [{ authScheme: "ip", user: "::1" }] }, [
    "00000001",
    "00000002 6970",
    "00000003 3a3a31",
  ]),
  golden(
    "auth",
    { type: 0, scheme: "digest", auth: utf8("u:p") },
    [ZERO, "00000006 646967657374", "00000003 753a70"],
    {},
    [],
  ),
  golden("sasl", { token: data }, [DATA], { token: undefined }, [NULL]),
  golden("ping", {}, [], {}, []),
  golden("closeSession", {}, [], {}, []),
  golden(
    "multi",
    [
      { type: "create", ...create },
      { type: "create2", ...create },
      { type: "createContainer", ...create },
      { type: "createTTL", ...create, ttl: 1 },
      { type: "delete", path: "/a", version: 2 },
      { type: "setData", path: "/a", data, version: -1 },
      { type: "check", path: "/a", version: 0 },
    ],
    [
      part("00000001"),
      ...CREATE,
      part("0000000f"),
      ...CREATE,
      part("00000013"),
      ...CREATE,
      part("00000015"),
      ...CREATE,
      "0000000000000001",
      part("00000002"),
      PATH,
      "00000002",
      part("00000005"),
      PATH,
      DATA,
      ANY,
      part("0000000d"),
      PATH,
      ZERO,
      END,
    ],
    [
      { type: "create", path: "/a" },
      { type: "create2", path: "/a", stat },
      { type: "delete" },
      { type: "setData", stat },
      { type: "check" },
    ],
    [
      part("00000001", ZERO),
      PATH,
      part("0000000f", ZERO),
      PATH,
      STAT,
      part("00000002", ZERO),
      part("00000005", ZERO),
      STAT,
      part("0000000d", ZERO),
      END,
    ],
  ),
  golden(
    "multi",
    [],
    [END],
    [
      { type: "error", err: -101 },
      { type: "error", err: -2 },
    ],
    [part("ffffffff", "ffffff9b"), "ffffff9b", part("ffffffff", "fffffffe"), "fffffffe", END],
  ),
  golden(
    "multiRead",
    [
      { type: "getData", path: "/a", watch: false },
      { type: "getChildren", path: "/a", watch: false },
    ],
    [part("00000004"), PATH, "00", part("00000008"), PATH, "00", END],
    [
      { type: "getData", data, stat },
      { type: "getChildren", children },
      { type: "error", err: -101 },
    ],
    [
      part("00000004", ZERO),
      DATA,
      STAT,
      part("00000008", ZERO),
      CHILDREN,
      part("ffffffff", "ffffff9b"),
      "ffffff9b",
      END,
    ],
  ),
] as const;

describe("operations", () => {
  test.each(GOLDENS)("%s", (name, request, requestParts, response, responseParts) => {
    const { code, ...codecs } = OPERATIONS[name];
    expect(code).toBe(OPCODES[name]);
    check(codecs.request as Codec<unknown>, request, requestParts);
    check(codecs.response as Codec<unknown>, response, responseParts);
  });

  test("are all among these examples", () => {
    const shown = new Set<string>(GOLDENS.map(([name]) => name));
    expect(Object.keys(OPERATIONS).filter((name) => !shown.has(name))).toEqual([]);
  });
});
