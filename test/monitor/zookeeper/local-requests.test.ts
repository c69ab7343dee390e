import { describe, expect, test } from "vitest";
import { decode } from "../../../cluster/wire/codec.ts";
import { ERRORS } from "../../../cluster/zookeeper/error-codes.ts";
import { errorResponse } from "../../../cluster/zookeeper/header-records.ts";
import { syncResponse } from "../../../cluster/zookeeper/node-records.ts";
import { OPCODES } from "../../../cluster/zookeeper/op-codes.ts";
import { whoAmIResponse } from "../../../cluster/zookeeper/session-records.ts";
import { rawPacket, ServerWorld } from "./server-world.ts";

const { MARSHALLINGERROR, NOWATCHER, OK } = ERRORS;

test("a body that cannot be read answers MARSHALLINGERROR, and the connection goes on", () => {
  const world = new ServerWorld();
  const client = world.session();
  const ops = [3, 4, 6, 8, 9, 12, 16, 17, 18, 22, 101, 103, 104, 105, 106];
  for (const op of ops) client.send(rawPacket(op, op, new Uint8Array([0, 0])));
  world.finishSyncs();
  expect(client.take()).toEqual(ops.map((op) => `${op}:${MARSHALLINGERROR}`));
  client.ask("ping", {}, -2);
  expect(client.take()).toEqual(["-2:0"]);
});

describe("watches on demand", () => {
  const steps = (calls: [op: "addWatch" | "removeWatches" | "checkWatches", type: number][]) => {
    const world = new ServerWorld();
    const client = world.session();
    return calls.map(([op, type]) => {
      if (op === "addWatch") client.ask(op, { path: "/a", mode: type });
      else client.ask(op, { path: "/a", type });
      return client.lastReply().err;
    });
  };

  test("are added, found and removed once", () => {
    expect(
      steps([
        ["checkWatches", 3],
        ["addWatch", 0],
        ["checkWatches", 1],
        ["checkWatches", 2],
        ["removeWatches", 2],
        ["removeWatches", 3],
        ["removeWatches", 3],
      ]),
    ).toEqual([NOWATCHER, OK, OK, OK, OK, OK, NOWATCHER]);
  });

  test("of a kind that is none are malformed", () => {
    const bad: [op: "addWatch" | "removeWatches" | "checkWatches", type: number][] = [
      ["addWatch", 2],
      ["addWatch", -1],
      ["removeWatches", 0],
      ["checkWatches", 4],
    ];
    expect(steps(bad)).toEqual(new Array(4).fill(MARSHALLINGERROR));
  });

  test("addWatch answers with an error record of 0", () => {
    const client = new ServerWorld().session();
    client.ask("addWatch", { path: "/a", mode: 1 });
    expect(decode(errorResponse, client.lastReply().body)).toEqual({ err: 0 });
  });
});

test("a watch that there is no room for is refused with the read", () => {
  const world = new ServerWorld({ limits: { watchBytesPerConnection: 65_000 } });
  const client = world.session();
  const path = "/".padEnd(900, "x");
  for (let count = 0; count < 70; count++) {
    client.ask("exists", { path: path + count, watch: true });
    world.step({ type: "clientDrained", client: client.id, queuedBytes: 0 });
  }
  const replies = client.take();
  expect(replies[0]).toBe(`1:${ERRORS.NONODE}`);
  expect(replies.at(-1)).toBe(`70:${ERRORS.THROTTLEDOP}`);
});

test("what a server without SASL answers", () => {
  const world = new ServerWorld();
  const client = world.session();
  client.ask("sasl", { token: new Uint8Array([1]) });
  expect(client.lastReply()).toMatchObject({ zxid: 0, err: OK });
  expect(Buffer.from(client.lastReply().body).toString("hex")).toBe("ffffffff");
});

test("whoAmI tells the address, and sync the path", () => {
  const world = new ServerWorld();
  const client = world.session();
  client.ask("whoAmI", {});
  expect(decode(whoAmIResponse, client.lastReply().body)).toEqual({
    clientInfo: [{ authScheme: "ip", user: "10.0.0.1" }],
  });
  client.ask("sync", { path: "/some/where" });
  world.finishSyncs();
  expect(decode(syncResponse, client.lastReply().body)).toEqual({ path: "/some/where" });
});

test("a reply's header has the last zxid of the tree", () => {
  const world = new ServerWorld();
  const client = world.session();
  world.session();
  client.ask("ping", {}, -2);
  expect(client.lastReply().zxid).toBe(world.zxid);
});

describe("a null path", () => {
  const NULL = Buffer.from("ffffffff", "hex");
  const ask = (op: number, body: Uint8Array) => {
    const world = new ServerWorld();
    const client = world.session();
    client.send(rawPacket(1, op, body));
    world.finishSyncs();
    return client.lastReply();
  };

  test.each([
    ["exists", OPCODES.exists, "ffffffff 01"],
    ["getData", OPCODES.getData, "ffffffff 00"],
    ["getACL", OPCODES.getACL, "ffffffff"],
    ["getChildren", OPCODES.getChildren, "ffffffff 00"],
    ["getChildren2", OPCODES.getChildren2, "ffffffff 01"],
    ["getAllChildrenNumber", OPCODES.getAllChildrenNumber, "ffffffff"],
    ["checkWatches", OPCODES.checkWatches, "ffffffff 00000001"],
    [
      "a part of multiRead",
      OPCODES.multiRead,
      "00000004 00 ffffffff ffffffff 00 ffffffff 01 ffffffff",
    ],
    ["setWatches", OPCODES.setWatches, `${"00".repeat(8)} 00000001 ffffffff 00000000 00000000`],
    ["a list of setWatches", OPCODES.setWatches, `${"00".repeat(8)} 00000000 ffffffff 00000000`],
    [
      "a recursive watch of setWatches2",
      OPCODES.setWatches2,
      `${"00".repeat(24)} 00000001 ffffffff`,
    ],
  ])("of %s is MARSHALLINGERROR, unlike an empty one", (_, op, hex) => {
    const reply = ask(op, Buffer.from(hex.replaceAll(" ", ""), "hex"));
    expect(reply).toMatchObject({ err: MARSHALLINGERROR });
  });

  test("of a sync is given back", () => {
    const { err, body } = ask(OPCODES.sync, NULL);
    expect([err, Buffer.compare(body, NULL)]).toEqual([OK, 0]);
  });

  test.each([
    ["getEphemerals", OPCODES.getEphemerals, "ffffffff", OK],
    ["addWatch", OPCODES.addWatch, "ffffffff 00000000", OK],
    ["removeWatches", OPCODES.removeWatches, "ffffffff 00000003", NOWATCHER],
    [
      "a persistent watch of setWatches2",
      OPCODES.setWatches2,
      `${"00".repeat(20)} 00000001 ffffffff 00000000`,
      OK,
    ],
  ])("of %s is as good as an empty one", (_, op, hex, err) => {
    expect(ask(op, Buffer.from(hex.replaceAll(" ", ""), "hex"))).toMatchObject({ err });
  });
});
