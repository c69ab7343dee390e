import { expect, test } from "vitest";
import { compareBytes, toHex } from "../../../cluster/base/bytes.ts";
import type { Write } from "../../../cluster/kv/store.ts";
import { decode } from "../../../cluster/wire/codec.ts";
import {
  META_KEY,
  metaRow,
  sessionKey,
  sessionOfKey,
  takeDirtyRows,
  znodeKey,
} from "../../../monitor/tree/rows.ts";
import { digestOf } from "../../../monitor/tree/tree.ts";
import { World } from "./world.ts";

function shown(writes: readonly Write[]): string[] {
  return writes.map(({ type, key }) => {
    const text = key[0] === 0x73 ? `s${sessionOfKey(key)}` : Buffer.from(key).toString();
    return `${type} ${text}`;
  });
}

test("keys come in the order in which rows can be loaded", () => {
  const keys = [
    sessionKey(1),
    sessionKey(2 ** 32),
    sessionKey(2 ** 52),
    META_KEY,
    znodeKey("/"),
    znodeKey("/a"),
    znodeKey("/a-b"),
    znodeKey("/a/b"),
    znodeKey("/é"),
  ];
  expect([...keys].reverse().sort(compareBytes).map(toHex)).toEqual(keys.map(toHex));
  expect(sessionOfKey(sessionKey(2 ** 52 + 3))).toBe(2 ** 52 + 3);
  expect(sessionOfKey(META_KEY)).toBeUndefined();
});

test("only what changed is written, and always the row of the slot", () => {
  const world = new World();
  world.batch();
  const system = ["/", "/zookeeper", "/zookeeper/quota", "/zookeeper/config"];
  expect(shown(takeDirtyRows(world.tree, 1)).sort()).toEqual(
    ["put t", ...system.map((path) => `put z${path}`)].sort(),
  );
  expect(shown(takeDirtyRows(world.tree, 1))).toEqual(["put t"]);
  const client = world.connect();
  const session = `put s${client.session}`;
  world.create(client, "/a");
  world.set(client, "/a", "x");
  expect(shown(takeDirtyRows(world.tree, 4)).sort()).toEqual(
    [session, "put t", "put z/", "put z/a"].sort(),
  );
  world.delete(client, "/a");
  expect(shown(takeDirtyRows(world.tree, 5)).sort()).toEqual(
    ["delete z/a", session, "put t", "put z/"].sort(),
  );
});

test("a node that went and came again is put, and a session that ended is deleted", () => {
  const world = new World();
  const client = world.connect();
  world.create(client, "/a");
  takeDirtyRows(world.tree, 1);
  world.delete(client, "/a");
  world.create(client, "/a");
  world.entry({ type: "expireSession", session: client.session });
  expect(shown(takeDirtyRows(world.tree, 2)).sort()).toEqual(
    [`delete s${client.session}`, "put t", "put z/", "put z/a"].sort(),
  );
});

test("the row of the slot says where the log goes on, and what the digest is", () => {
  const world = new World();
  const client = world.connect();
  world.create(client, "/a");
  const write = takeDirtyRows(world.tree, 77).at(-1);
  const value = write?.type === "put" ? write.value : new Uint8Array(0);
  expect(decode(metaRow, value)).toMatchObject({
    appliedSlot: 77,
    epoch: 1,
    nextIndex: 2,
    counter: 2,
    digest: digestOf(world.tree),
  });
});
