import { describe, expect, test } from "vitest";
import { AssertionError } from "../../../cluster/base/assert.ts";
import { toHex } from "../../../cluster/base/bytes.ts";
import { optional, record, str, u8, u53 } from "../../../cluster/wire/codec.ts";
import {
  createRegistry,
  FIRST_MESSAGE_ID,
  type MessageOf,
  type Registry,
} from "../../../cluster/wire/registry.ts";
import { versioned } from "../../../cluster/wire/versioned.ts";
import { Writer } from "../../../cluster/wire/writer.ts";

const prepareBody = versioned(1, record({ ballot: u53, hint: optional(str) }));
const registry = createRegistry({
  prepare: { id: 0x0101, body: prepareBody },
  forget: { id: 0x0102, body: versioned(1, record({})) },
});
type Message = MessageOf<typeof registry>;

function controlOf(message: Message): { id: number; control: Uint8Array } {
  const out = new Writer();
  const id = registry.encode(out, message);
  return { id, control: out.finish() };
}

describe("a registry", () => {
  test("gives exactly these bytes, which are not to change", () => {
    const { id, control } = controlOf({ type: "prepare", ballot: 2 ** 32 + 7, hint: "é" });
    expect([id, toHex(control)]).toEqual([0x0101, "0107000000010000000102000000c3a9"]);
  });

  const messages: Message[] = [
    { type: "prepare", ballot: 7, hint: "x" },
    { type: "prepare", ballot: 7, hint: undefined },
    { type: "forget" },
  ];
  test.each(messages)("decodes what it encoded: %j", (message) => {
    const { id, control } = controlOf(message);
    expect(registry.decode(id, control)).toEqual(message);
  });

  test("decodes the type as a property like any other", () => {
    const { id, control } = controlOf({ type: "prepare", ballot: 7 });
    expect(Object.keys(registry.decode(id, control))).toEqual(["type", "ballot", "hint"]);
  });

  test.each([
    ["an unknown number", 0x0103, [1], "UNKNOWN_TYPE", ""],
    ["a number of the transport", 0x0001, [1], "UNKNOWN_TYPE", ""],
    ["a newer version", 0x0101, [2], "UNKNOWN_VERSION", "prepare"],
    ["a missing field", 0x0101, [1, 0, 0], "TRUNCATED", "prepare.ballot"],
    ["bytes after the end", 0x0102, [1, 0], "TRAILING", ""],
    ["nothing", 0x0102, [], "TRUNCATED", "forget"],
  ])("refuses %s", (_what, id, bytes, code, path) => {
    expect(() => registry.decode(id, Uint8Array.from(bytes))).toThrow(
      expect.objectContaining({ code, path }),
    );
  });

  test("does not encode what it does not know", () => {
    const message = { type: "elect" } as unknown as Message;
    expect(() => registry.encode(new Writer(), message)).toThrow(AssertionError);
  });

  const body = versioned(1, record({ a: u8 }));
  test.each([
    ["that is the transport's", () => createRegistry({ a: { id: FIRST_MESSAGE_ID - 1, body } })],
    ["of more than 16 bits", () => createRegistry({ a: { id: 0x10000, body } })],
    ["that is no whole number", () => createRegistry({ a: { id: 300.5, body } })],
    ["twice", () => createRegistry({ a: { id: 300, body }, b: { id: 300, body } })],
  ])("cannot have a number %s", (_what, create) => {
    expect(create).toThrow(AssertionError);
  });

  test("takes the first and the last number there is", () => {
    const edges: Registry<{ type: "a" | "b"; a: number }> = createRegistry({
      a: { id: FIRST_MESSAGE_ID, body },
      b: { id: 0xffff, body },
    });
    expect(edges.encode(new Writer(), { type: "b", a: 1 })).toBe(0xffff);
  });
});
