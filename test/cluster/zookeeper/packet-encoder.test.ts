import { expect, test } from "vitest";
import { toHex } from "../../../cluster/base/bytes.ts";
import { PacketEncoder } from "../../../cluster/zookeeper/packet-encoder.ts";

test("packets that were appended leave together, each behind its size", () => {
  const encoder = new PacketEncoder();
  expect(encoder.append((out) => out.i32be(7))).toBe(4);
  expect(encoder.append(() => {})).toBe(0);
  expect(encoder.append((out) => out.strBe("ab"))).toBe(6);
  expect(encoder.length).toBe(22);
  expect(toHex(encoder.take())).toBe("0000000400000007" + "00000000" + "00000006000000026162");
});

test("what was taken stays as it is, however much follows", () => {
  const encoder = new PacketEncoder(16);
  encoder.append((out) => out.i32be(1));
  const first = encoder.take();
  const before = toHex(first);
  for (let count = 0; count < 100; count++) encoder.append((out) => out.i32be(-1));
  expect(encoder.take().byteLength).toBe(800);
  expect(toHex(first)).toBe(before);
  expect(encoder.length).toBe(0);
});

test("a packet that outgrows its slab keeps its size in front", () => {
  const encoder = new PacketEncoder(16);
  encoder.append((out) => out.raw(new Uint8Array(1000)));
  const bytes = encoder.take();
  expect(bytes.byteLength).toBe(1004);
  expect(toHex(bytes.subarray(0, 4))).toBe("000003e8");
});
