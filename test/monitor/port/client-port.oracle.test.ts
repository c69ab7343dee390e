/**
 * The same bytes to Apache ZooKeeper and to this server: what a connection gets back must agree,
 * from the handshake to how it ends. Zxids are compared by how far they are from that of the
 * connection's session; times not at all.
 */
import { existsSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { toHex, utf8 } from "../../../cluster/base/bytes.ts";
import { decode, encode } from "../../../cluster/wire/codec.ts";
import { Reader } from "../../../cluster/wire/reader.ts";
import { replyHeader } from "../../../cluster/zookeeper/header-records.ts";
import { type Stat, stat } from "../../../cluster/zookeeper/node-records.ts";
import { OPCODES } from "../../../cluster/zookeeper/op-codes.ts";
import { OPERATIONS, type OperationName } from "../../../cluster/zookeeper/operations.ts";
import {
  type ConnectResponse,
  connectRequest,
  connectResponse,
} from "../../../cluster/zookeeper/session-records.ts";
import { digestId } from "../../../monitor/zookeeper/credentials.ts";
import { interopTool } from "../../support/interop.ts";
import { OPEN_ACL, rawPacket } from "../zookeeper/server-world.ts";
import {
  type ApacheZooKeeper,
  askWord,
  startApacheZooKeeper,
  ZOOKEEPER_JAR,
} from "./apache-zookeeper.ts";
import { RawClient } from "./raw-client.ts";
import { type SingleMonitor, startSingleMonitor } from "./single-monitor.ts";

const STAT_SIZE = 68;
const WITH_STAT: ReadonlySet<number> = new Set(
  (
    [
      "exists",
      "getData",
      "setData",
      "create2",
      "createContainer",
      "getACL",
      "setACL",
      "getChildren2",
    ] as const
  ).map((name) => OPERATIONS[name].code),
);

type Step =
  | { readonly packet: Uint8Array; readonly op: number; readonly events?: number }
  | { readonly bytes: Uint8Array };

function ask<N extends OperationName>(name: N, request: unknown, events = 0, xid = 1): Step {
  const { code, request: codec } = OPERATIONS[name];
  return {
    packet: rawPacket(xid, code, encode(codec as never, request as never)),
    op: code,
    events,
  };
}
const raw = (op: number, body: Uint8Array, xid = 1): Step => ({
  packet: rawPacket(xid, op, body),
  op,
});

/** A connection's life: what it sends, and in words what it gets, up to its end if it comes. */
async function transcript(address: string, steps: readonly Step[]): Promise<string[]> {
  const client = new RawClient(address);
  const lines: string[] = [];
  try {
    const { sessionId, ...connected } = decode(connectResponse, await client.connect());
    lines.push(describeConnect({ sessionId, ...connected }));
    client.send(rawPacket(0, OPCODES.ping, new Uint8Array(0)));
    const base = replyHeader.decode(new Reader(await client.packet())).zxid;
    for (const step of steps) {
      if ("bytes" in step) {
        client.socket.write(step.bytes);
        await client.closed();
        lines.push("closed");
        break;
      }
      client.send(step.packet);
      for (let count = (step.events ?? 0) + 1; count > 0; count--) {
        lines.push(describeReply(await client.packet(), step.op, base));
      }
    }
  } catch (error) {
    lines.push(String(error));
  } finally {
    client.socket.destroy();
  }
  return lines;
}

function describeConnect({
  protocolVersion,
  timeOut,
  sessionId,
  passwd,
  readOnly,
}: ConnectResponse) {
  const session = sessionId === 0n ? "no session" : "a session";
  return `${protocolVersion} ${timeOut} ${session} ${passwd?.byteLength} ${readOnly}`;
}

function describeReply(packet: Uint8Array, op: number, base: number): string {
  const input = new Reader(packet);
  const { xid, zxid, err } = replyHeader.decode(input);
  const shown = zxid > 0 ? `+${zxid - base}` : String(zxid);
  const body = input.raw(input.remaining);
  const hasStat = WITH_STAT.has(op) && err === 0 && xid !== -1 && body.byteLength >= STAT_SIZE;
  if (!hasStat) return `${xid} ${shown} ${err} ${toHex(body)}`;
  const at = body.byteLength - STAT_SIZE;
  return `${xid} ${shown} ${err} ${toHex(body.subarray(0, at))} ${describeStat(decode(stat, body.subarray(at)))}`;
}

function describeStat(found: Stat): string {
  const { version, cversion, aversion, ephemeralOwner, dataLength, numChildren } = found;
  const owner = ephemeralOwner === 0n ? "-" : "owned";
  return [version, cversion, aversion, owner, dataLength, numChildren].join(" ");
}

const data = utf8("x");
/** The connection that creates such a node may not read it before it says who it is. */
const HIDDEN = [
  { perms: 29, id: { scheme: "digest", id: digestId("a:b") } },
  { perms: 14, id: { scheme: "world", id: "anyone" } },
];
const node = (path: string, flags = 0) => ({ path, data, acl: OPEN_ACL, flags });
const empty = new Uint8Array(0);
const int = (value: number): Uint8Array => {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setInt32(0, value);
  return bytes;
};

const bytes = (hex: string): Uint8Array => Buffer.from(hex.replaceAll(" ", ""), "hex");
const NULL = "ffffffff";
const ANYONE = "00000001 0000001f 00000005 776f726c64 00000006 616e796f6e65";

const CASES: [what: string, steps: Step[]][] = [
  [
    "writes and reads",
    [
      ask("create", node("/a")),
      ask("create", node("/a")),
      ask("create2", node("/a/s-", 2)),
      ask("getData", { path: "/a", watch: false }),
      ask("setData", { path: "/a", data, version: 7 }),
      ask("setData", { path: "/a", data, version: 0 }),
      ask("getChildren2", { path: "/a", watch: false }),
      ask("getACL", { path: "/a" }),
      ask("getAllChildrenNumber", { path: "/a" }),
      ask("create", node("/a/e", 1)),
      ask("getEphemerals", { prefixPath: "/" }),
      ask("check", { path: "/a", version: 9 }),
      ask("delete", { path: "/a", version: -1 }),
      ask("delete", { path: "/a/s-0000000000", version: -1 }),
      ask("delete", { path: "/a/e", version: -1 }),
      ask("delete", { path: "/a", version: -1 }),
      ask("exists", { path: "/a", watch: false }),
    ],
  ],
  [
    "watches",
    [
      ask("exists", { path: "/w", watch: true }),
      ask("create", node("/w"), 1),
      ask("getData", { path: "/w", watch: true }),
      ask("getChildren", { path: "/w", watch: true }),
      ask("setData", { path: "/w", data, version: -1 }, 1),
      ask("create", node("/w/c"), 1),
      ask("addWatch", { path: "/w", mode: 1 }),
      ask("setData", { path: "/w/c", data, version: -1 }, 1),
      ask("checkWatches", { path: "/w", type: 1 }),
      ask("removeWatches", { path: "/w", type: 2 }),
      ask("checkWatches", { path: "/w", type: 2 }),
      ask("checkWatches", { path: "/w", type: 3 }),
      ask("removeWatches", { path: "/w", type: 3 }),
      ask("removeWatches", { path: "/w", type: 3 }),
      ask("delete", { path: "/w/c", version: -1 }),
      ask("getData", { path: "/w", watch: true }),
      ask("getChildren", { path: "/w", watch: true }),
      ask("delete", { path: "/w", version: -1 }, 1),
    ],
  ],
  [
    "a read that takes the persistence of a watch away",
    [
      ask("create", node("/p")),
      ask("addWatch", { path: "/p", mode: 0 }),
      ask("getData", { path: "/p", watch: true }),
      ask("setData", { path: "/p", data, version: -1 }, 1),
      ask("setData", { path: "/p", data, version: -1 }),
      ask("create", node("/p/c"), 1),
      ask("delete", { path: "/p/c", version: -1 }, 1),
      ask("delete", { path: "/p", version: -1 }, 1),
    ],
  ],
  [
    "watches at nodes that the client may not read",
    [
      ask("exists", { path: "/r", watch: true }),
      ask("create", { ...node("/r"), acl: HIDDEN }),
      ask("addWatch", { path: "/r", mode: 1 }),
      ask("create", { ...node("/r/c"), acl: HIDDEN }),
      ask("exists", { path: "/r", watch: true }),
      ask("getChildren", { path: "/", watch: true }),
      ask("setData", { path: "/r", data, version: -1 }),
      ask(
        "setWatches",
        { relativeZxid: 0, dataWatches: ["/r"], existWatches: ["/r"], childWatches: ["/r"] },
        3,
        -8,
      ),
      ask("auth", { type: 0, scheme: "digest", auth: utf8("a:b") }, 0, -4),
      ask("exists", { path: "/r", watch: true }),
      ask("setData", { path: "/r", data, version: -1 }, 1),
      ask("delete", { path: "/r/c", version: -1 }),
    ],
  ],
  [
    "setWatches",
    [
      ask("create", node("/s")),
      ask(
        "setWatches",
        {
          relativeZxid: 0,
          dataWatches: ["/s", "/no"],
          existWatches: ["/s", "/no2"],
          childWatches: ["/s", "/no"],
        },
        5,
        -8,
      ),
      ask("delete", { path: "/s", version: -1 }),
    ],
  ],
  [
    "bodies that cannot be read",
    [
      1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 14, 15, 16, 17, 18, 19, 21, 22, 101, 103, 104, 105, 106,
    ].map((op) => raw(op, new Uint8Array([0, 0]))),
  ],
  [
    "kinds that are none",
    [
      ask("addWatch", { path: "/a", mode: 7 }),
      ask("removeWatches", { path: "/a", type: 0 }),
      ask("checkWatches", { path: "/a", type: 4 }),
    ],
  ],
  [
    "credentials and SASL",
    [
      ask("auth", { type: 0, scheme: "digest", auth: utf8("a:b") }, 0, -4),
      ask("auth", { type: 0, scheme: "ip", auth: utf8("") }, 0, -4),
      ask("sasl", { token: data }),
      ask("sync", { path: "/x" }),
      raw(OPCODES.ping, empty, -2),
    ],
  ],
  [
    "an unknown scheme",
    [ask("auth", { type: 0, scheme: "world", auth: data }, 0, -4), { bytes: empty }],
  ],
  [
    "a digest of nothing",
    [
      raw(OPCODES.auth, Uint8Array.from([...int(0), ...int(6), ...utf8("digest"), ...int(-1)]), -4),
      { bytes: empty },
    ],
  ],
  ["a null SASL token", [{ bytes: bytes(`0000000c 00000001 ${"00000066"} ${NULL}`) }]],
  [
    "null paths",
    [
      raw(OPCODES.create, bytes(`${NULL} ${NULL} ${ANYONE} 00000000`)),
      raw(OPCODES.createContainer, bytes(`${NULL} ${NULL} ${ANYONE} 00000004`)),
      raw(OPCODES.delete, bytes(`${NULL} ffffffff`)),
      raw(OPCODES.exists, bytes(`${NULL} 01`)),
      raw(OPCODES.getData, bytes(`${NULL} 00`)),
      raw(OPCODES.setData, bytes(`${NULL} ${NULL} ffffffff`)),
      raw(OPCODES.getACL, bytes(NULL)),
      raw(OPCODES.setACL, bytes(`${NULL} ${ANYONE} ffffffff`)),
      raw(OPCODES.getChildren, bytes(`${NULL} 00`)),
      raw(OPCODES.getChildren2, bytes(`${NULL} 00`)),
      raw(OPCODES.sync, bytes(NULL)),
      raw(OPCODES.check, bytes(`${NULL} ffffffff`)),
      raw(OPCODES.checkWatches, bytes(`${NULL} 00000001`)),
      raw(OPCODES.removeWatches, bytes(`${NULL} 00000001`)),
      raw(OPCODES.getEphemerals, bytes(NULL)),
      raw(OPCODES.getAllChildrenNumber, bytes(NULL)),
      raw(OPCODES.setWatches, bytes(`${"00".repeat(8)} 00000001 ${NULL} 00000000 00000000`), -8),
      raw(OPCODES.setWatches, bytes(`${"00".repeat(8)} 00000000 ${NULL} 00000000`), -8),
      raw(OPCODES.setWatches2, bytes(`${"00".repeat(20)} 00000001 ${NULL} 00000000`), -8),
      raw(OPCODES.setWatches2, bytes(`${"00".repeat(24)} 00000001 ${NULL}`), -8),
    ],
  ],
  // Once: ZooKeeper stumbles over its own null when it meets it again.
  ["a null path of addWatch", [raw(OPCODES.addWatch, bytes(`${NULL} 00000000`))]],
  [
    "what only servers ask of themselves",
    [
      ask("createContainer", node("/ct", 4)),
      ask("create", node("/ct/x")),
      ask("delete", { path: "/ct/x", version: -1 }),
      raw(OPCODES.deleteContainer, utf8("/ct")),
      raw(OPCODES.deleteContainer, bytes("00000003 2f6374")),
      raw(OPCODES.createSession, empty),
      ask("exists", { path: "/ct", watch: false }),
    ],
  ],
  [
    "reconfig where it is disabled",
    [
      ask("reconfig", {
        joiningServers: undefined,
        leavingServers: "9",
        newMembers: undefined,
        curConfigId: -1,
      }),
      raw(OPCODES.reconfig, bytes(NULL)),
      ask("exists", { path: "/", watch: false }),
    ],
  ],
  [
    "the order of identities",
    [
      ...["ann:1", "bob:2", "carl:3", "dora:4", "eve:5", "fred:6"].flatMap((credentials) => [
        ask("auth", { type: 0, scheme: "digest", auth: utf8(credentials) }, 0, -4),
        ask("whoAmI", {}),
      ]),
      ask("create", { ...node("/mine"), acl: [{ perms: 31, id: { scheme: "auth", id: "" } }] }),
      ask("getACL", { path: "/mine" }),
    ],
  ],
  ...[10, 23, 108, 999, 0, -1, -100].map((op): [string, Step[]] => [
    `the unknown operation ${op}`,
    [ask("create", node(`/u${op}`)), raw(op, empty), { bytes: empty }],
  ]),
  ["closeSession", [ask("closeSession", {}), { bytes: empty }]],
  ["a size that is too large", [{ bytes: int(0xfffff + 1) }]],
  ["a size below zero", [{ bytes: int(-1) }]],
  ["a packet shorter than a header", [{ bytes: Uint8Array.from([...int(3), 1, 2, 3]) }]],
  [
    "credentials that cannot be read",
    [{ bytes: Uint8Array.from([...int(10), ...int(-4), ...int(100), 0, 0]) }],
  ],
];

/** How many lines a step leaves if what it says of events is true. */
function linesOf(step: Step): number {
  return "events" in step ? 1 + (step.events ?? 0) : 1;
}

/** A handshake, and whether the connection goes on. */
async function handshake(address: string, request: unknown): Promise<string> {
  const client = new RawClient(address);
  try {
    client.send(encode(connectRequest, request as never));
    return describeConnect(decode(connectResponse, await client.packet()));
  } catch (error) {
    return String(error);
  } finally {
    client.socket.destroy();
  }
}

const REQUEST = {
  protocolVersion: 0,
  lastZxidSeen: 0,
  timeOut: 10_000,
  sessionId: 0n,
  passwd: new Uint8Array(16),
  readOnly: false,
};
const HANDSHAKES: [what: string, change: object][] = [
  ["an ordinary one", {}],
  ["a client of old", { readOnly: undefined }],
  ["one that would take a read-only server", { readOnly: true }],
  ["a short timeout", { timeOut: 1 }],
  ["a long timeout", { timeOut: 1_000_000_000 }],
  ["a timeout below zero", { timeOut: -5 }],
  ["another protocol version", { protocolVersion: 7 }],
  ["a session that nobody has", { sessionId: 12_345n }],
  ["a negative session", { sessionId: -1n }],
  ["no password", { sessionId: 5n, passwd: new Uint8Array(0) }],
  ["a zxid from the future", { lastZxidSeen: Number.MAX_SAFE_INTEGER }],
];

const { CI } = process.env;
const tool = { command: "java", debianPackage: "zookeeper" };
const isThere = existsSync(ZOOKEEPER_JAR) || Boolean(CI);
const suite = isThere ? interopTool(tool) : describe.skip;

suite("next to Apache ZooKeeper 3.8", () => {
  let apache: ApacheZooKeeper;
  let kelp: SingleMonitor;

  beforeAll(async () => {
    [apache, kelp] = await Promise.all([startApacheZooKeeper(), startSingleMonitor()]);
  }, 60_000);

  afterAll(async () => {
    await Promise.all([apache?.stop(), kelp?.close()]);
  });

  test.each(HANDSHAKES)("handshake: %s", async (_, change) => {
    const request = { ...REQUEST, ...change };
    expect(await handshake(kelp.address, request)).toBe(await handshake(apache.address, request));
  });

  test.each(CASES)("%s", async (_, steps) => {
    const theirs = await transcript(apache.address, steps);
    expect(theirs).toHaveLength(1 + steps.reduce((sum, step) => sum + linesOf(step), 0));
    expect(await transcript(kelp.address, steps)).toEqual(theirs);
  });

  test("words have the same lines, values aside", async () => {
    for (const word of ["srvr", "conf", "isro", "ruok", "wchs", "crst", "srst", "dirs"]) {
      const [own, theirs] = await Promise.all(
        [kelp, apache].map(async ({ address }) => {
          return (await askWord(address, word))
            .replaceAll(/version: .*/g, "version")
            .replaceAll(/\/[\w/.-]+|0x\w+|-?\d[\d.]*/g, "N");
        }),
      );
      expect(own, word).toBe(theirs);
    }
  });
});
