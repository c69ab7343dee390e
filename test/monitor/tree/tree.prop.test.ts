import fc from "fast-check";
import { expect, test } from "vitest";
import { decode } from "../../../cluster/wire/codec.ts";
import { OPCODES } from "../../../cluster/zookeeper/op-codes.ts";
import { batch } from "../../../monitor/tree/batch.ts";
import { reapable } from "../../../monitor/tree/delete.ts";
import { unpackBytes } from "../../../monitor/tree/packed-bytes.ts";
import { takeDirtyRows } from "../../../monitor/tree/rows.ts";
import { statOf } from "../../../monitor/tree/stat.ts";
import type { Tree } from "../../../monitor/tree/state.ts";
import { applyBatch, createTree, digestOf } from "../../../monitor/tree/tree.ts";
import { contentOf } from "./content.ts";
import { NaiveTree } from "./naive-tree.ts";
import { type RandomWrite, writes } from "./random-ops.ts";
import { RowsStore } from "./rows-store.ts";
import { type Client, World } from "./world.ts";

type Event = "close" | "move" | "expire" | "reap" | "reload" | "epoch" | "settings" | "wait";
type Step =
  | { readonly kind: "write"; readonly client: number; readonly write: RandomWrite }
  | { readonly kind: Event; readonly client: number };

const CLIENT_COUNT = 3;
const client = fc.nat(CLIENT_COUNT - 1);
const event = fc.constantFrom<Event[]>(
  "close",
  "move",
  "expire",
  "reap",
  "reload",
  "epoch",
  "settings",
  "wait",
);
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 10,
      arbitrary: fc.record({ kind: fc.constant("write" as const), client, write: writes }),
    },
    { weight: 2, arbitrary: fc.record({ kind: event, client }) },
  ),
  { maxLength: 60 },
);

test("a member that was saved to rows and loaded again is like one that was not", () => {
  fc.assert(
    fc.property(steps, (run) => {
      const world = new World({ settings: { extendedTypes: true } });
      const clients = Array.from({ length: CLIENT_COUNT }, () => world.connect());
      const second = new Member();
      for (const step of run) {
        if (step.kind === "reload") second.reload(world);
        else play(world, clients, step);
      }
      second.follow(world);
      expect(contentOf(second.tree)).toEqual(contentOf(world.tree));
      expect(digestOf(second.tree)).toBe(digestOf(world.tree));
      second.reload(world);
      expect(contentOf(second.tree)).toEqual(contentOf(world.tree));
    }),
    { numRuns: 300 },
  );
});

/** Applies what the world did, in portions, and comes back from its rows in between. */
class Member {
  tree: Tree = createTree();
  readonly #rows = new RowsStore();
  #applied = 0;

  follow(world: World): void {
    for (const { bytes, outcome } of world.log.slice(this.#applied)) {
      expect(applyBatch(this.tree, decode(batch, bytes))).toEqual(outcome);
      this.#applied += 1;
    }
  }

  reload(world: World): void {
    this.follow(world);
    this.#rows.write(takeDirtyRows(this.tree, this.#applied));
    const { tree, appliedSlot } = this.#rows.load();
    expect(appliedSlot).toBe(this.#applied);
    expect(takeDirtyRows(tree, appliedSlot), "only the row of the slot").toHaveLength(1);
    this.tree = tree;
  }
}

function play(world: World, clients: Client[], step: Step): void {
  const at = step.client;
  const one = clients[at] as Client;
  switch (step.kind) {
    case "write":
      world.write(one, step.write.name, step.write.fields as never);
      break;
    case "close":
      world.entry(world.rawRequest(one, OPCODES.closeSession, new Uint8Array(0)));
      clients[at] = world.connect();
      break;
    case "expire":
      world.entry({ type: "expireSession", session: one.session });
      clients[at] = world.connect();
      break;
    case "move":
      world.move(one);
      break;
    case "reap": {
      const found = reapable(world.tree, { wallMs: world.wallMs, countMax: 5 });
      world.batch(...found.map((node) => ({ type: "reap" as const, ...node })));
      break;
    }
    case "epoch":
      world.epoch += 1;
      world.index = 0;
      break;
    case "settings":
      world.settings({ extendedTypes: true, config: Buffer.from(`version=${world.index}`) });
      break;
    case "wait":
      world.wallMs += 1_000_000;
      break;
    case "reload":
      break;
  }
}

test("the core operations do what a plain implementation of them does", () => {
  const isPlain = ({ name, fields }: RandomWrite): boolean =>
    name !== "setACL" && name !== "createTTL" && isOpen(name === "multi" ? fields : [fields]);
  const moves = fc.record({ client, write: writes.filter(isPlain), isClose: fc.nat(15) });
  fc.assert(
    fc.property(fc.array(moves, { maxLength: 60 }), (run) => {
      const world = new World();
      const naive = new NaiveTree();
      const clients = Array.from({ length: CLIENT_COUNT }, () => world.connect());
      for (const { client: at, write, isClose } of run) {
        const one = clients[at] as Client;
        if (isClose === 0) {
          world.entry(world.rawRequest(one, OPCODES.closeSession, new Uint8Array(0)));
          naive.closeSession(one.session, world.zxid);
          clients[at] = world.connect();
        } else {
          const { error, response } = world.write(one, write.name, write.fields as never);
          const answer = write.name === "multi" ? codesOf(response) : error;
          const place = { zxid: world.zxid, wallMs: world.wallMs, session: one.session };
          expect(answer).toEqual(naive.write(write, place));
        }
      }
      expect(visible(world.tree)).toEqual(naive.visible());
    }),
    { numRuns: 500 },
  );
});

/** The plain implementation knows no ACLs; an empty one, which is refused, is one too. */
function isOpen(requests: unknown): boolean {
  return (requests as { acl?: readonly { perms: number }[] }[]).every(
    ({ acl }) => acl === undefined || acl[0]?.perms === 31,
  );
}

function codesOf(response: unknown): number[] {
  const results = response as { type: string; err?: number }[];
  return results.map(({ err }) => err ?? 0);
}

function visible(tree: Tree): Record<string, unknown> {
  const nodes: Record<string, unknown> = {};
  for (const path of Object.keys(contentOf(tree).nodes)) {
    const id = tree.znodes.find(path) ?? -1;
    const { aversion: _, ...stat } = statOf(tree, id);
    const data = unpackBytes(tree.znodes.data(id));
    nodes[path] = { ...stat, data: data === undefined ? null : Buffer.from(data).toString("hex") };
  }
  return nodes;
}
