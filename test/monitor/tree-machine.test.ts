import { describe, expect, test } from "vitest";
import { ClusterError } from "../../cluster/base/error.ts";
import type { KeyValue } from "../../cluster/kv/store.ts";
import type { Entry } from "../../monitor/tree/batch.ts";
import type { Tree } from "../../monitor/tree/state.ts";
import { TreeMachine } from "../../monitor/tree-machine.ts";

const WALL_MS = 1_700_000_000_000;

function session(connection: number): Entry {
  const password = new Uint8Array(16).fill(connection);
  return { type: "createSession", server: 1, connection, timeoutMs: 4_000, password };
}

/** The first batches of an epoch, one for each slot. */
function applyAll(machine: TreeMachine, batches: readonly (readonly Entry[])[], epoch = 1): void {
  for (const [index, entries] of batches.entries()) {
    machine.apply(index + 1, machine.encode({ epoch, index, wallMs: WALL_MS }, entries));
  }
}

function rowsAsOf(machine: TreeMachine, slot: number): KeyValue[] {
  return machine
    .takeRows(slot)
    .flatMap((write): KeyValue[] => (write.type === "put" ? [[write.key, write.value]] : []))
    .sort(([left], [right]) => Buffer.compare(left, right));
}

describe("the tree as a machine", () => {
  test("is the same after the same batches, and tells so by a number that stays exact", () => {
    const [left, right] = [new TreeMachine(), new TreeMachine()];
    const batches = [[], [session(1), session(2)], [session(3)]];
    applyAll(left, batches);
    applyAll(right, batches);
    expect(left.digest()).toBe(right.digest());
    expect(Number.isSafeInteger(left.digest())).toBe(true);
    applyAll(right, [[session(4)]], 2);
    expect(left.digest()).not.toBe(right.digest());
  });

  test("tells of each entry as it is applied, and of none of a void batch", () => {
    const machine = new TreeMachine();
    const seen: [string, number, number][] = [];
    machine.observer = {
      entryApplied: (entry, { zxid }) => seen.push([entry.type, zxid, machine.tree.sessions.count]),
      treeReplaced: () => {},
    };
    applyAll(machine, [[], [session(1), session(2)]]);
    machine.apply(3, machine.encode({ epoch: 1, index: 7, wallMs: WALL_MS }, [session(3)]));
    const first = 2 ** 32;
    expect(seen).toEqual([
      ["createSession", first + 1, 1],
      ["createSession", first + 2, 2],
    ]);
  });

  test.each<[string, (good: number[]) => number[], boolean]>([
    ["nothing", () => [], false],
    ["no version that ever was", (good) => [0, ...good.slice(1)], false],
    ["a beginning of a batch", (good) => good.slice(0, -1), false],
    ["a batch with something behind it", (good) => [...good, 0], false],
    ["an entry of no known kind", (good) => [...good.slice(0, 25), 1, 0, 0, 0, 99, 99], false],
    ["a batch of a later version", (good) => [2, ...good.slice(1)], true],
    ["a later version's, in its own way", () => [7, 1], true],
  ])("is left alone by %s, everywhere", (_what, change, isNewer) => {
    const [left, right] = [new TreeMachine(), new TreeMachine()];
    for (const machine of [left, right]) applyAll(machine, [[], [session(1)]]);
    const digest = left.digest();
    const good = left.encode({ epoch: 1, index: 2, wallMs: WALL_MS }, []);
    const bad = Uint8Array.from(change([...good]));
    for (const machine of [left, right]) {
      expect(machine.apply(3, bad)).toMatchObject({ isNewer, reason: expect.any(String) });
      expect(machine.digest()).toBe(digest);
    }
    expect(left.apply(4, good)).toBeUndefined();
    expect(left.digest()).not.toBe(digest);
  });

  test("counts the rows that wait to be written", () => {
    const machine = new TreeMachine();
    machine.takeRows(0);
    expect(machine.dirtyCount).toBe(0);
    const create = Buffer.from("\0\0\0\u0002/a\0\0\0\0\0\0\0\u0001", "latin1");
    const acl = Buffer.from("\0\0\0\u001f\0\0\0\u0005world\0\0\0\u0006anyone\0\0\0\0", "latin1");
    const place = { session: 2 ** 32 + 1, server: 1, connection: 1, sequence: 1, identities: [] };
    const body = Buffer.concat([create, acl]);
    applyAll(machine, [[], [session(1), { type: "request", ...place, op: 1, body }]]);
    expect(machine.tree.znodes.find("/a")).toBeDefined();
    expect(machine.dirtyCount).toBeGreaterThan(0);
    machine.takeRows(2);
    expect(machine.dirtyCount).toBe(0);
  });

  test("comes back from its rows, and says that it is another", () => {
    const machine = new TreeMachine();
    applyAll(machine, [[], [session(1)]]);
    const rows = rowsAsOf(machine, 2);
    const other = new TreeMachine();
    const replaced: Tree[] = [];
    other.observer = { entryApplied: () => {}, treeReplaced: (tree) => replaced.push(tree) };
    const loader = other.load();
    for (const row of rows) loader.add(row);
    expect(loader.slot).toBe(2);
    expect(replaced).toEqual([]);
    loader.finish();
    expect(replaced).toEqual([other.tree]);
    expect(other.digest()).toBe(machine.digest());
  });

  test("stays as it is without rows, and takes no rubbish for one", () => {
    const machine = new TreeMachine();
    const { tree } = machine;
    const loader = machine.load();
    expect(loader.slot).toBe(0);
    loader.finish();
    expect(machine.tree).toBe(tree);
    expect(() => machine.load().add([Uint8Array.of(0x7a), Uint8Array.of(9)])).toThrow(ClusterError);
  });
});
