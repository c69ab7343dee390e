import { describe, expect, test } from "vitest";
import {
  awaitConfirmation,
  confirmSyncs,
  createSyncs,
  forgetSyncs,
  needsConfirmation,
  SYNCS_MAX,
  startConfirmation,
  syncConfirmed,
  takeDoneSyncs,
} from "../../monitor/syncs.ts";

const own = (tag: number) => ({ from: undefined, tag });

describe("a leader that is asked to confirm itself", () => {
  test("needs a round that begins afterwards, and one for all that wait", () => {
    const syncs = createSyncs();
    expect(needsConfirmation(syncs)).toBe(false);
    awaitConfirmation(syncs, own(1));
    awaitConfirmation(syncs, { from: 2, tag: 7 });
    expect(needsConfirmation(syncs)).toBe(true);
    startConfirmation(syncs, 5);
    expect(confirmSyncs(syncs, 4)).toEqual([]);
    expect(confirmSyncs(syncs, 5)).toEqual([own(1), { from: 2, tag: 7 }]);
    expect(confirmSyncs(syncs, 6)).toEqual([]);
  });

  test("lets those who come during a round wait for the next", () => {
    const syncs = createSyncs();
    awaitConfirmation(syncs, own(1));
    startConfirmation(syncs, 5);
    awaitConfirmation(syncs, own(2));
    expect(needsConfirmation(syncs)).toBe(false);
    expect(confirmSyncs(syncs, 5)).toEqual([own(1)]);
    expect(needsConfirmation(syncs)).toBe(true);
    startConfirmation(syncs, 6);
    expect(confirmSyncs(syncs, 9)).toEqual([own(2)]);
  });

  test("starts no round for nobody, nor a second one", () => {
    const syncs = createSyncs();
    expect(() => startConfirmation(syncs, 1)).toThrow("for somebody");
    awaitConfirmation(syncs, own(1));
    startConfirmation(syncs, 1);
    expect(() => startConfirmation(syncs, 2)).toThrow("one at a time");
  });

  test("forgets them with its leadership, but not what was confirmed to it", () => {
    const syncs = createSyncs();
    syncConfirmed(syncs, { slot: 3, tag: 1 });
    awaitConfirmation(syncs, own(2));
    startConfirmation(syncs, 5);
    awaitConfirmation(syncs, own(3));
    forgetSyncs(syncs);
    expect(needsConfirmation(syncs)).toBe(false);
    expect(confirmSyncs(syncs, 9)).toEqual([]);
    expect(takeDoneSyncs(syncs, 3)).toEqual([1]);
  });

  test("takes up no more than it has room for", () => {
    const syncs = createSyncs();
    for (let tag = 0; tag < SYNCS_MAX + 5; tag++) awaitConfirmation(syncs, own(tag));
    startConfirmation(syncs, 1);
    expect(confirmSyncs(syncs, 1)).toHaveLength(SYNCS_MAX);
  });
});

describe("a confirmed sync", () => {
  test("is done when its slot is applied, and once", () => {
    const syncs = createSyncs();
    syncConfirmed(syncs, { slot: 10, tag: 1 });
    syncConfirmed(syncs, { slot: 8, tag: 2 });
    expect(takeDoneSyncs(syncs, 7)).toEqual([]);
    expect(takeDoneSyncs(syncs, 9)).toEqual([2]);
    expect(takeDoneSyncs(syncs, 10)).toEqual([1]);
    expect(takeDoneSyncs(syncs, 10)).toEqual([]);
  });

  test("is one of a bounded number", () => {
    const syncs = createSyncs();
    for (let tag = 0; tag < SYNCS_MAX + 5; tag++) syncConfirmed(syncs, { slot: 1, tag });
    expect(takeDoneSyncs(syncs, 1)).toHaveLength(SYNCS_MAX);
  });
});
