import { expect, test } from "vitest";
import { toHex } from "../../../cluster/base/bytes.ts";
import {
  encodeEvent,
  flushOutputs,
  isOutputFull,
  writeEvent,
  writeReply,
} from "../../../monitor/zookeeper/output.ts";
import { ServerWorld } from "./server-world.ts";

test("an event is the packet that ZooKeeper sends", () => {
  expect(toHex(encodeEvent("nodeDataChanged", "/a"))).toBe(
    "0000001e" +
      "ffffffff" +
      "ffffffffffffffff" +
      "00000000" +
      "00000003" +
      "00000003" +
      "000000022f61",
  );
});

function written(sizes: readonly number[]): { world: ServerWorld; chunks: Uint8Array[] } {
  const world = new ServerWorld();
  const client = world.session();
  const state = world.server;
  const inner = state.clients.get(client.id);
  if (inner === undefined) throw new Error("there is a client");
  const event = encodeEvent("nodeCreated", "/e");
  for (const [index, size] of sizes.entries()) {
    const response = size < 0 ? undefined : new Uint8Array(size).fill(index);
    writeReply(state, inner, { xid: index, zxid: 0x1_0000_0005, error: -4, response });
  }
  writeEvent(state, inner, event);
  writeReply(state, inner, { xid: -2, zxid: -1, error: 0, response: undefined });
  flushOutputs(state);
  const write = state.effects.find((effect) => effect.type === "write");
  if (write?.type !== "write") throw new Error("something was written");
  expect(write.chunks).toContain(event);
  world.perform([write]);
  expect(client.received.map((one) => (one.kind === "reply" ? one.body.byteLength : -1))).toEqual([
    ...sizes.map((size) => Math.max(size, 0)),
    -1,
    0,
  ]);
  expect(client.received[0]).toMatchObject({ xid: 0, zxid: 0x1_0000_0005, err: -4 });
  expect(client.received.at(-1)).toMatchObject({ zxid: -1 });
  return { world, chunks: [...write.chunks] };
}

test("small replies share a chunk, and an event is shared, not copied", () => {
  expect(written([-1, 0, 10, 300]).chunks).toHaveLength(3);
});

test("large bodies leave as they are", () => {
  const { chunks } = written([1 << 20, 5]);
  expect(chunks.map((chunk) => chunk.byteLength)).toEqual([20, 1 << 20, 25, 34, 20]);
});

test("a client is full by what is on its way and by what is about to be", () => {
  const world = new ServerWorld({ limits: { outputBytesPaused: 100 } });
  const client = world.server.clients.get(world.session().id);
  if (client === undefined) throw new Error("there is a client");
  client.unsentBytes = 60;
  expect(isOutputFull(world.server, client)).toBe(false);
  writeReply(world.server, client, { xid: 1, zxid: 1, error: 0, response: new Uint8Array(20) });
  expect(isOutputFull(world.server, client)).toBe(true);
});
