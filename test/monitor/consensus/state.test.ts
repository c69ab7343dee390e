import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AssertionError } from "../../../cluster/base/assert.ts";
import { toHex, utf8 } from "../../../cluster/base/bytes.ts";
import { createConsensus, type Recovered, splitPayload } from "../../../monitor/consensus/state.ts";

const NOTHING: Recovered = { identity: undefined, promise: undefined, entries: [], applied: 0 };

function create(recovered: Partial<Recovered> = {}, members = [3, 1, 2]) {
  return createConsensus({
    self: 2,
    members,
    life: 7,
    seed: 1,
    freshEnsemble: 9,
    recovered: { ...NOTHING, ...recovered },
    nowMs: 0,
  });
}

function entries(...slots: number[]): Recovered["entries"] {
  return slots.map((slot) => ({ slot, entry: { round: 1, value: utf8(`${slot}`) } }));
}

describe("a start", () => {
  test("knows the members in their order, and itself among them", () => {
    expect(create()).toMatchObject({ members: [1, 2, 3], others: [3, 1], majority: 2 });
  });

  test.each([
    [1, 1],
    [2, 2],
    [3, 2],
    [4, 3],
    [5, 3],
    [7, 4],
  ])("of %i members needs %i", (count, majority) => {
    const members = Array.from({ length: count }, (_, index) => index + 2);
    expect(create({}, members).majority).toBe(majority);
  });

  test.each([[[1, 3]], [[1, 2, 2]]])("refuses the members %j", (members) => {
    expect(() => create({}, members)).toThrow(AssertionError);
  });

  test("with an empty disk is no acceptor, and follows", () => {
    const state = create();
    expect(state).toMatchObject({ standing: "empty", ensemble: undefined, commit: 0 });
    expect(state.role.type).toBe("follower");
    expect(state.promise.round).toBe(0);
  });

  test("is what the disk says, and knows to be chosen what the rows are of", () => {
    const identity = { ensemble: 5, node: 2, standing: "acceptor" } as const;
    const promise = { round: 4, node: 3 };
    const state = create({ identity, promise, entries: entries(2, 3, 4, 5), applied: 3 });
    expect(state).toMatchObject({ standing: "acceptor", ensemble: 5, promise, commit: 3 });
    expect([state.log.first, state.log.last]).toEqual([2, 5]);
    expect(state.accepting).toEqual({ round: 0, to: 3 });
  });

  test.each<[string, Recovered["entries"], number, [number, number]]>([
    ["no log behind the rows", [], 3, [4, 3]],
    ["a log that ends where the rows do", entries(2, 3), 3, [2, 3]],
    ["a log that is all behind the rows", entries(1, 2), 5, [6, 5]],
    ["a log that follows on the rows", entries(4, 5), 3, [4, 5]],
  ])("takes %s", (_what, found, applied, expected) => {
    const { log } = create({ entries: found, applied });
    expect([log.first, log.last]).toEqual(expected);
  });

  test("refuses a log that begins behind a hole", () => {
    expect(() => create({ entries: entries(5, 6), applied: 3 })).toThrow(AssertionError);
  });
});

describe("values that came as one payload", () => {
  test("are split where the sizes say", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 30 })), (values) => {
        const payload = new Uint8Array(Buffer.concat(values));
        const sizes = values.map(({ byteLength }) => byteLength);
        expect(splitPayload(sizes, payload)?.map(toHex)).toEqual(values.map(toHex));
      }),
    );
  });

  test.each([
    [[], 1],
    [[1], 0],
    [[1, 2], 2],
    [[1, 2], 4],
    [[2 ** 32 - 1], 3],
  ])("are none if the sizes %j meet %i bytes", (sizes, bytes) => {
    expect(splitPayload(sizes, new Uint8Array(bytes))).toBeUndefined();
  });
});
