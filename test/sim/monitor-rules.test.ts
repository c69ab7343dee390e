/**
 * The rules that the monitors' consensus keeps, one by one, each with the run of events that goes wrong without it. A
 * rule's switch turns it off, and the same events then end badly: a test that could not fail proves nothing.
 */
import { describe, expect, test } from "vitest";
import { AssertionError, assert } from "../../cluster/base/assert.ts";
import { peerName } from "../../cluster/base/ids.ts";
import { SILENT_LOG } from "../../cluster/base/log.ts";
import { MemoryStore } from "../../cluster/kv/memory-store.ts";
import type { KeyValue, ScanOptions } from "../../cluster/kv/store.ts";
import type { Transport } from "../../cluster/runtime/transport.ts";
import { decodeRows } from "../../monitor/message/rows.ts";
import { rowsOf, rowWrite } from "../../monitor/replica/rows.ts";
import { type RowsMessage, sendRows } from "../../monitor/replica/transfer.ts";
import { Script } from "../monitor/consensus/script.ts";
import { Ledger, type LedgerWatch } from "./consensus/ledger.ts";
import type { Entry } from "./consensus/messages.ts";

const THREE = [1, 2, 3];
const FIVE = [1, 2, 3, 4, 5];
const UNWATCHED: LedgerWatch = { applied: () => {}, skipped: () => {} };

/** Time passes for these members, and what they say to each other arrives. */
function run(script: Script, nodes: readonly number[], ms: number): void {
  for (let passed = 0; passed < ms; passed += 50) {
    script.passMs(50);
    for (const node of nodes) script.tick(node);
    script.settle();
  }
}

describe("M1: an acceptor that lost its disk is none until it knows what it may have done", () => {
  function loseDisk(rejoin: boolean): Script {
    const script = Script.formed(THREE, { rejoin });
    script.elect(1);
    script.cutOff(3);
    script.propose(1, "kept");
    script.settle();
    expect(script.chosen.get(2)).toBe("kept");
    script.crash(1);
    script.wipe(2);
    script.reconnect(3);
    run(script, [2, 3], 5_000);
    return script;
  }

  test("{1, 2} choose, 2 loses its disk: {2, 3} cannot elect without 1", () => {
    const script = loseDisk(true);
    expect(script.state(2).standing).toBe("rejoining");
    expect(script.state(3).role.type).not.toBe("leader");
    script.restart(1);
    run(script, THREE, 5_000);
    expect(script.state(2).standing).toBe("acceptor");
    expect(script.logOf(2)[1]).toMatch(/^kept@/);
    expect(script.violations).toEqual([]);
  });

  test("switched off, {2, 3} elect and choose another value", () => {
    const script = loseDisk(false);
    const leader = script.state(2).role.type === "leader" ? 2 : 3;
    script.propose(leader, "other");
    script.settle();
    expect(script.violations[0]).toMatch(/^slot 2: member \d has other, where kept was chosen$/);
  });

  /** 1 and 2 choose while 3 has not heard that it is a member; then the disk of 1 is lost while 2 is away. */
  function loseDiskBeside(formsWithAll: boolean): Script {
    const script = new Script(THREE, { formsWithAll: true });
    script.tickAll();
    while (script.state(1).standing !== "acceptor") script.settleOne();
    script.sync(1);
    script.lose({ to: 3 });
    script.cutOff(3);
    script.settle();
    expect(script.state(3).standing).toBe("forming");
    script.elect(1);
    script.crash(2);
    script.setRules({ formsWithAll });
    script.wipe(1);
    script.reconnect(3);
    run(script, [1, 3], 5_000);
    return script;
  }

  test("{1, 2} choose, 1 loses its disk while 2 is away: no fresh ensemble with 3, which is new", () => {
    const script = loseDiskBeside(true);
    expect(script.state(1).standing).toBe("empty");
    expect(script.state(3).standing).toBe("forming");
    script.restart(2);
    run(script, THREE, 5_000);
    expect(THREE.map((node) => script.state(node).standing)).toEqual(Array(3).fill("acceptor"));
    expect(new Set(THREE.map((node) => script.state(node).ensemble)).size).toBe(1);
    expect(script.logOf(1)[0]).toMatch(/^leader 1@/);
    expect(script.violations).toEqual([]);
  });

  test("switched off, 1 and 3 form another ensemble and choose another value", () => {
    const script = loseDiskBeside(false);
    const leader = script.state(1).role.type === "leader" ? 1 : 3;
    script.propose(leader, "other");
    script.settle();
    expect(script.violations).not.toEqual([]);
  });

  test("2 loses its disk during the formation: the ensemble is formed, and 2 is in it", () => {
    const script = new Script(THREE);
    script.tickAll();
    while (script.state(2).standing !== "forming") script.settleOne();
    script.sync(2);
    script.wipe(2);
    run(script, THREE, 5_000);
    expect(THREE.map((node) => script.state(node).standing)).toEqual(Array(3).fill("acceptor"));
    expect(new Set(THREE.map((node) => script.state(node).ensemble)).size).toBe(1);
  });

  /**
   * Of five, 5 has prepared round 2 and has the promise of 2, while its prepare is still on its way to the others. 2
   * loses its disk. 1, 3 and 4 are a majority, and know nothing of round 2.
   */
  function loseOnlyWitness(rejoinAsksAll: boolean): Script {
    const script = Script.formed(FIVE, { rejoinAsksAll });
    script.elect(4);
    script.passMs(3_000);
    script.tick(5);
    script.deliver({ type: "preVote" });
    script.deliver({ type: "preVoted" });
    script.sync(5);
    script.deliver({ type: "prepare", to: 2 });
    script.sync(2);
    script.deliver({ type: "promised", from: 2 });
    script.cutOff(5);
    script.wipe(2);
    for (let tries = 0; tries < 20 && script.state(2).standing !== "acceptor"; tries++) {
      run(script, [2], 50);
    }
    script.cutOff(1);
    script.propose(4, "mine");
    script.settle();
    script.deliver({ type: "prepare", to: 1 });
    script.sync(1);
    script.deliver({ type: "promised", from: 1 });
    expect(script.state(5).role.type).toBe("leader");
    script.propose(5, "other");
    script.cutOff(2, 4);
    script.deliver({ type: "prepare", to: 3 });
    script.deliver({ type: "accept", from: 5 });
    script.sync(1);
    script.sync(3);
    script.sync(5);
    script.deliver({ type: "accepted", to: 5 });
    return script;
  }

  test("of five, one that lost its disk waits for the only one that knows what it promised", () => {
    const script = loseOnlyWitness(true);
    expect(script.state(2).standing).toBe("rejoining");
    expect(script.chosen.get(2)).toBe("other");
    expect(script.violations).toEqual([]);
  });

  test("asking a majority of the ensemble instead, both leaders have a value chosen", () => {
    expect(loseOnlyWitness(false).violations).toEqual([
      "slot 2: member 5 has other, where mine was chosen",
    ]);
  });
});

describe("M2: one leader a round, and batches of a leader in its order", () => {
  /** 1 and 2 both prepare round 1, and 3 hears of both. */
  function prepareTwice(oneLeaderPerRound: boolean): Script {
    const script = Script.formed(THREE, { oneLeaderPerRound });
    script.passMs(3_000);
    script.tick(1);
    script.tick(2);
    script.deliver({ type: "preVote", to: 3 });
    script.deliver({ type: "preVoted" });
    script.lose({ type: "preVote" });
    for (const node of [1, 2]) {
      script.sync(node);
      script.deliver({ type: "prepare", from: node, to: 3 });
      script.sync(3);
      script.deliver({ type: "promised", from: 3 });
      script.lose({ type: "prepare" });
    }
    for (const node of [1, 2]) {
      if (script.state(node).role.type !== "leader") continue;
      script.propose(node, `of ${node}`);
      script.deliver({ type: "accept", from: node, to: 3 });
      script.sync(3);
      script.sync(node);
      script.deliver({ type: "accepted", to: node });
    }
    return script;
  }

  test("an acceptor that promised round 1 to one candidate refuses the other's prepare of it", () => {
    const script = prepareTwice(true);
    expect(script.state(1).role.type).toBe("leader");
    expect(script.state(2).role.type).not.toBe("leader");
    expect(script.chosen.get(1)).toBe("of 1");
    expect(script.violations).toEqual([]);
  });

  test("switched off, both lead round 1 and each has its own value chosen", () => {
    expect(prepareTwice(false).violations).toEqual([
      "slot 1: member 2 has of 2, where of 1 was chosen",
    ]);
  });

  /** Batches as `epoch/index/request`: what a client sends as 1 and 2 together, without waiting. */
  function loseFirstOfTwo(): readonly string[] {
    const script = Script.formed(THREE);
    script.elect(1);
    script.propose(1, "1/1/1");
    script.propose(1, "1/2/2");
    script.deliver({ type: "accept", to: 3 });
    script.sync(3);
    // Only 3 has both, and is away for a moment; the leader's own disk was too slow.
    script.lose();
    script.restart(1);
    script.cutOff(3);
    script.passMs(2_000);
    script.tickAll();
    script.settle();
    while (script.state(2).role.type !== "leader") run(script, [2], 1_000);
    script.lose();
    script.propose(2, "2/0/");
    script.reconnect(3);
    run(script, [2], 50);
    script.sync(3);
    script.sync(2);
    script.deliver({ type: "accepted", from: 3 });
    script.crash(2);
    while (script.state(3).role.type !== "leader") run(script, [3], 1_000);
    script.settle();
    return [...script.chosen.entries()].sort(([a], [b]) => a - b).map(([, text]) => text);
  }

  function apply(batches: readonly string[], prefixOrder: boolean): Entry[] {
    const ledger = new Ledger({ prefixOrder }, UNWATCHED);
    for (const [at, batch] of batches.entries()) {
      const [epoch = "1", index = "0", request = ""] = batch.startsWith("leader")
        ? []
        : batch.split("/");
      const header = { epoch: Number(epoch), index: Number(index), wallMs: 0 };
      const entries = request === "" ? [] : [{ session: 7, request: Number(request) }];
      ledger.apply(at + 1, ledger.encode(header, entries));
    }
    return ledger.entries;
  }

  test("the second of two requests survives its leader and the first does not: both are void", () => {
    const batches = loseFirstOfTwo();
    expect(batches).toEqual(["leader 1", "2/0/", "1/2/2"]);
    expect(apply(batches, true)).toEqual([]);
  });

  test("switched off, the second counts without the first", () => {
    expect(apply(loseFirstOfTwo(), false)).toEqual([{ session: 7, request: 2 }]);
  });
});

describe("an acceptor's word, and a new leader's duty", () => {
  function crashAll(acceptDurably: boolean): Script {
    const script = Script.formed(THREE, { acceptDurably });
    script.elect(1);
    script.propose(1, "kept");
    script.deliver({ type: "accept" });
    script.deliver({ type: "accepted" });
    for (const node of THREE) script.restart(node);
    script.lose();
    while (script.state(2).role.type !== "leader") run(script, [2], 1_000);
    script.propose(2, "other");
    script.settle();
    return script;
  }

  test("an acceptor that has not synced has not accepted: what is lost was not chosen", () => {
    const script = crashAll(true);
    expect(script.chosen.get(2)).toBe("other");
    expect(script.violations).toEqual([]);
  });

  test("answering before the disk does, a value is chosen and lost", () => {
    expect(crashAll(false).violations).not.toEqual([]);
  });

  function replaceLeader(proposeAgain: boolean): Script {
    const script = Script.formed(THREE, { proposeAgain });
    script.elect(1);
    script.propose(1, "kept");
    script.deliver({ type: "accept", to: 2 });
    script.sync(1);
    script.sync(2);
    script.deliver({ type: "accepted" });
    script.crash(1);
    script.lose();
    while (script.state(3).role.type !== "leader") run(script, [3], 1_000);
    script.propose(3, "other");
    script.settle();
    return script;
  }

  test("a new leader proposes again what a majority's promises tell it of", () => {
    const script = replaceLeader(true);
    expect(script.chosen.get(2)).toBe("kept");
    expect(script.chosen.get(3)).toBe("other");
    expect(script.violations).toEqual([]);
  });

  test("a new leader that knows only its own log has another value chosen", () => {
    expect(replaceLeader(false).violations).not.toEqual([]);
  });
});

describe("M6: a transfer is of one applied slot", () => {
  const COUNT = 5_000;

  /** Its iterators see what is written while they are read. */
  class ReopeningStore extends MemoryStore {
    override async *iterate(options: ScanOptions): AsyncIterableIterator<KeyValue> {
      let range = options;
      for (;;) {
        let last: Uint8Array | undefined;
        for await (const row of super.iterate({ ...range, limit: 512 })) {
          last = row[0];
          yield row;
        }
        if (last === undefined) return;
        range = options.lt === undefined ? { gt: last } : { gt: last, lt: options.lt };
      }
    }
  }

  /** The rows of one ledger, sent while it goes on, as another takes them. */
  async function transfer(hasOneIterator: boolean): Promise<Ledger> {
    const source = new Ledger({ prefixOrder: true }, UNWATCHED);
    const store = hasOneIterator ? new MemoryStore() : new ReopeningStore();
    let slot = 0;
    const enter = (entries: readonly Entry[]): Promise<void> => {
      slot += 1;
      const header = { epoch: 1, index: slot - 1, wallMs: 0 };
      source.apply(slot, source.encode(header, entries));
      return store.batch(source.takeRows(slot).map((write) => rowWrite(0, write)));
    };
    const entriesFrom = (first: number) =>
      Array.from({ length: COUNT }, (_, index) => ({ session: 1, request: first + index }));
    await enter(entriesFrom(1));

    const target = new Ledger({ prefixOrder: true }, UNWATCHED);
    const loader = target.load();
    const transport: Pick<Transport<RowsMessage>, "request"> = {
      async request(_, { message, payload }) {
        assert(payload instanceof Uint8Array, "the rows are one payload");
        for (const row of decodeRows(payload)) loader.add(row);
        if (message.index === 0) await enter([{ session: 1, request: COUNT + 1 }]);
        return { from: peerName("mon.2"), message, payload: new Uint8Array(0) };
      },
    };
    const sent = await sendRows<RowsMessage>({
      store,
      range: rowsOf(0),
      transport: { ...UNUSED_TRANSPORT, ...transport },
      peer: peerName("mon.2"),
      transfer: 1,
      message: (part) => part,
      isTaken: () => true,
      log: SILENT_LOG,
    });
    expect(sent).toBe(true);
    expect(loader.slot).toBe(1);
    loader.finish();
    return target;
  }

  test("rows that are written meanwhile are not in it", async () => {
    expect((await transfer(true)).entries).toHaveLength(COUNT);
  });

  test("with an iterator for each part, entries come that the slot does not have yet", async () => {
    await expect(transfer(false)).rejects.toThrow(AssertionError);
  });
});

const UNUSED_TRANSPORT: Transport<RowsMessage> = {
  self: peerName("mon.1"),
  route: () => {},
  send: () => false,
  request: () => Promise.reject(new Error("not used")),
  close: () => Promise.resolve(),
};
