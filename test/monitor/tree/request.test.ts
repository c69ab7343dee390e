import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encode } from "../../../cluster/wire/codec.ts";
import { OPCODES } from "../../../cluster/zookeeper/op-codes.ts";
import { OPERATIONS } from "../../../cluster/zookeeper/operations.ts";
import { contentOf } from "./content.ts";
import { createFields, nameOf, World } from "./world.ts";

const WRITES = ["create", "create2", "createContainer", "createTTL", "delete", "setData"] as const;
const MORE = ["setACL", "check", "multi"] as const;

describe("bodies that nothing can be made of", () => {
  test.each([...WRITES, ...MORE])("%s answers MARSHALLINGERROR and changes nothing", (name) => {
    const world = new World();
    const client = world.connect();
    const before = contentOf(world.tree);
    for (const body of [new Uint8Array(0), Uint8Array.of(0, 0, 0, 9, 0), cut()]) {
      const { zxid } = world;
      const outcome = world.entry(world.rawRequest(client, OPERATIONS[name].code, body));
      expect(nameOf(outcome.error)).toBe("MARSHALLINGERROR");
      expect(outcome).toMatchObject({ zxid: zxid + 1, triggers: [], response: undefined });
    }
    expect(contentOf(world.tree).nodes).toEqual(before.nodes);
  });

  function cut(): Uint8Array {
    const fields = { ...createFields({ data: Buffer.from("x") }), path: "\0a" };
    return encode(OPERATIONS.create.request, fields).subarray(0, 9);
  }

  test("random ones never do more than fail", () => {
    const ops = fc.constantFrom(...[...WRITES, ...MORE].map((name) => OPERATIONS[name].code));
    const world = new World();
    const client = world.connect();
    fc.assert(
      fc.property(ops, fc.uint8Array({ maxLength: 60 }), (op, body) => {
        const { zxid } = world;
        expect(world.entry(world.rawRequest(client, op, body)).zxid).toBe(zxid + 1);
      }),
      { numRuns: 3000 },
    );
  });
});

test("what comes after a request in its body is not looked at", () => {
  const world = new World();
  const client = world.connect();
  const body = encode(OPERATIONS.create.request, { ...createFields({}), path: "/a" });
  const longer = Buffer.concat([body, Buffer.from("more")]);
  expect(world.entry(world.rawRequest(client, OPCODES.create, longer)).error).toBe(0);
});

test.each([
  ["a read", OPCODES.getData, "UNIMPLEMENTED"],
  ["deleteContainer, which is for servers", OPCODES.deleteContainer, "BADARGUMENTS"],
  ["createSession, which is for servers", OPCODES.createSession, "MARSHALLINGERROR"],
  ["reconfig", OPCODES.reconfig, "RECONFIGDISABLED"],
  ["a number that nothing has", 77, "UNIMPLEMENTED"],
])("%s is no write that a client can send", (_, op, error) => {
  const world = new World();
  const client = world.connect();
  const outcome = world.entry(world.rawRequest(client, op, new Uint8Array(0)));
  expect(nameOf(outcome.error)).toBe(error);
});

test("deleteContainer of a client removes no container, whatever the body", () => {
  const world = new World();
  const client = world.connect();
  world.write(client, "createContainer", { ...createFields({}), path: "/c", flags: 4 });
  world.create(client, "/c/x");
  world.delete(client, "/c/x");
  for (const body of [Buffer.from("/c"), Buffer.from("\0\0\0\u0002/c")]) {
    const outcome = world.entry(world.rawRequest(client, OPCODES.deleteContainer, body));
    expect([nameOf(outcome.error), outcome.triggers]).toEqual(["BADARGUMENTS", []]);
  }
  expect(world.read(client, "exists", { path: "/c", watch: false }).name).toBe("OK");
});

test("a check that succeeds alone is answered, which ZooKeeper 3.8 forgets", () => {
  const world = new World();
  const client = world.connect();
  world.create(client, "/a");
  const { zxid } = world;
  const { outcome } = world.write(client, "check", { path: "/a", version: 0 });
  expect(outcome).toMatchObject({ zxid: zxid + 1, error: 0, response: undefined, triggers: [] });
});

describe("a null path", () => {
  const NULL = "ffffffff";
  const ACL = "00000001 0000001f 00000005 776f726c64 00000006 616e796f6e65";
  const part = (op: string, body: string) => `${op} 00 ffffffff ${body} ffffffff 01 ffffffff`;
  test.each([
    ["create", OPCODES.create, `${NULL} ${NULL} ${ACL} 00000000`, "MARSHALLINGERROR"],
    ["create2", OPCODES.create2, `${NULL} ${NULL} ${ACL} 00000000`, "MARSHALLINGERROR"],
    [
      "createTTL",
      OPCODES.createTTL,
      `${NULL} ${NULL} ${ACL} 00000005 ${"01".repeat(8)}`,
      "MARSHALLINGERROR",
    ],
    ["delete", OPCODES.delete, `${NULL} ffffffff`, "MARSHALLINGERROR"],
    ["setData", OPCODES.setData, `${NULL} ${NULL} ffffffff`, "BADARGUMENTS"],
    ["setACL", OPCODES.setACL, `${NULL} ${ACL} ffffffff`, "BADARGUMENTS"],
    ["check", OPCODES.check, `${NULL} ffffffff`, "BADARGUMENTS"],
    [
      "setData in a multi",
      OPCODES.multi,
      part("00000005", `${NULL} ${NULL} ffffffff`),
      "MARSHALLINGERROR",
    ],
    ["check in a multi", OPCODES.multi, part("0000000d", `${NULL} ffffffff`), "MARSHALLINGERROR"],
  ])("of %s has ZooKeeper's error and takes a zxid", (_, op, hex, error) => {
    const world = new World({ settings: { extendedTypes: true } });
    const client = world.connect();
    const { zxid } = world;
    const body = Buffer.from(hex.replaceAll(" ", ""), "hex");
    const outcome = world.entry(world.rawRequest(client, op, body));
    expect([nameOf(outcome.error), outcome.zxid]).toEqual([error, zxid + 1]);
  });
});

test("create answers with the path, create2 with the stat too", () => {
  const world = new World();
  const client = world.connect();
  expect(world.create(client, "/é").response).toEqual({ path: "/é" });
  const made = world.write(client, "create2", { ...createFields({}), path: "/é/ü" });
  expect(made.response).toEqual({ path: "/é/ü", stat: world.stat(client, "/é/ü") });
});
