import { expect, test } from "vitest";
import {
  assertWithinLimits,
  MESSAGE_LIMITS,
  MESSAGE_OVERHEAD,
  messageSize,
  payloadSize,
} from "../../../cluster/runtime/outgoing.ts";
import { note, noteRegistry } from "./messenger-world.ts";

const bytes = (size: number): Uint8Array => new Uint8Array(size);

test.each([
  [note("x"), 0],
  [{ ...note("x"), payload: bytes(5) }, 5],
  [{ ...note("x"), payload: [bytes(5), bytes(0), bytes(7)] }, 12],
])("the size of a payload is that of all its chunks", (outgoing, size) => {
  expect(payloadSize(outgoing)).toBe(size);
});

test("a message weighs what it is on the wire, its payload, and something for being there", () => {
  const empty = messageSize(noteRegistry, note(""));
  expect(empty).toBeGreaterThan(MESSAGE_OVERHEAD);
  expect(messageSize(noteRegistry, { ...note("abc"), payload: bytes(100) })).toBe(empty + 103);
});

test("limits are inclusive", () => {
  const { controlSizeMax, payloadSizeMax } = MESSAGE_LIMITS;
  expect(() => assertWithinLimits(controlSizeMax, payloadSizeMax)).not.toThrow();
  expect(() => assertWithinLimits(controlSizeMax + 1, 0)).toThrow(/a message of 4194305 bytes/);
  expect(() => assertWithinLimits(0, payloadSizeMax + 1)).toThrow(/a payload of 16777217 bytes/);
});
