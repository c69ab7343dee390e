import { describe, expect, test } from "vitest";
import { type Batch, COUNTER_MAX, type Entry, EPOCH_MAX } from "../../../monitor/tree/batch.ts";
import { lastZxid } from "../../../monitor/tree/state.ts";
import { applyBatch, createTree, digestOf } from "../../../monitor/tree/tree.ts";
import { World } from "./world.ts";

const CREATE_SESSION: Entry = {
  type: "createSession",
  server: 1,
  connection: 1,
  timeoutMs: 4000,
  password: new Uint8Array(16),
};

function batch(epoch: number, index: number, entries: readonly Entry[] = []): Batch {
  return { epoch, index, wallMs: 1, entries };
}

describe("batches of epochs", () => {
  test.each([
    ["the first of the first epoch", [], [1, 0], false],
    ["the first of an epoch, whatever its number", [], [7, 0], false],
    ["no first one", [], [1, 1], true],
    ["the next one", [[1, 0]], [1, 1], false],
    ["the same one again", [[1, 0]], [1, 0], true],
    ["one too early", [[1, 0]], [1, 2], true],
    ["the first of a later epoch", [[1, 0]], [2, 0], false],
    ["one in the middle of a later epoch", [[1, 0]], [2, 1], true],
    ["the first of an earlier epoch", [[2, 0]], [1, 0], true],
    [
      "the next of an earlier epoch",
      [
        [1, 0],
        [2, 0],
      ],
      [1, 1],
      true,
    ],
    ["the next of epoch 0, which nobody has", [], [0, 1], true],
  ] as [string, [number, number][], [number, number], boolean][])(
    "%s",
    (_, before, last, isVoid) => {
      const tree = createTree();
      for (const [epoch, index] of before) {
        expect(applyBatch(tree, batch(epoch, index)).isVoid).toBe(false);
      }
      const digest = digestOf(tree);
      expect(applyBatch(tree, batch(...last, [CREATE_SESSION])).isVoid).toBe(isVoid);
      expect(digestOf(tree) === digest, "a void batch changes nothing at all").toBe(isVoid);
    },
  );

  test("what survives of a leader's batches is a prefix", () => {
    const tree = createTree();
    applyBatch(tree, batch(1, 0));
    // Index 1 was lost with its leader; index 2 survived and must not count.
    expect(applyBatch(tree, batch(1, 2, [CREATE_SESSION]))).toEqual({ isVoid: true });
    expect(applyBatch(tree, batch(2, 0, [CREATE_SESSION])).isVoid).toBe(false);
    expect(tree.sessions.count).toBe(1);
  });

  test("with the rule switched off, it is not", () => {
    const tree = createTree({ rules: { prefixOrder: false } });
    applyBatch(tree, batch(1, 0));
    expect(applyBatch(tree, batch(1, 2, [CREATE_SESSION])).isVoid).toBe(false);
  });
});

describe("zxids", () => {
  test("start at 1 in every epoch, whose number is their upper half", () => {
    const tree = createTree();
    applyBatch(tree, batch(3, 0, [CREATE_SESSION]));
    expect(lastZxid(tree)).toBe(3 * 2 ** 32 + 1);
    applyBatch(tree, batch(EPOCH_MAX, 0));
    expect(lastZxid(tree)).toBe(EPOCH_MAX * 2 ** 32);
    expect(Number.isSafeInteger(lastZxid(tree) + COUNTER_MAX)).toBe(true);
    expect(() => applyBatch(tree, batch(EPOCH_MAX + 1, 0))).toThrow("an epoch is at most");
  });

  test("of an epoch end: a batch for which there are not enough is void, a new epoch is not", () => {
    const tree = createTree();
    applyBatch(tree, batch(1, 0));
    tree.counter = COUNTER_MAX - 1;
    const two = [CREATE_SESSION, { ...CREATE_SESSION, connection: 2 }];
    expect(applyBatch(tree, batch(1, 1, two))).toEqual({ isVoid: true });
    expect(applyBatch(tree, batch(1, 1, [CREATE_SESSION])).isVoid).toBe(false);
    expect(lastZxid(tree)).toBe(2 ** 33 - 1);
    expect(applyBatch(tree, batch(1, 2, [CREATE_SESSION]))).toEqual({ isVoid: true });
    expect(applyBatch(tree, batch(2, 0, two)).isVoid).toBe(false);
  });
});

describe("the digest", () => {
  test("of two fresh trees is the same", () => {
    expect(digestOf(createTree())).toBe(digestOf(createTree()));
  });

  test.each<[string, (world: World) => unknown]>([
    ["a node", (world) => world.create(world.connect(), "/a")],
    ["a session", (world) => world.connect()],
    ["settings", (world) => world.settings({ skipAcl: true })],
    ["an empty batch", (world) => world.batch()],
  ])("changes with %s", (_, change) => {
    const world = new World();
    world.batch();
    const before = digestOf(world.tree);
    change(world);
    expect(digestOf(world.tree)).not.toBe(before);
  });
});
