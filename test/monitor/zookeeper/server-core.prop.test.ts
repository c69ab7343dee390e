/**
 * A random population of clients against one core that applies its own forwards: whatever they do
 * and whatever is lost, repeated and reordered on the way to the log, each sees what ZooKeeper
 * promises. A model of what a client may see is kept beside: the values of a few nodes, by zxid.
 */
import fc from "fast-check";
import { expect, test } from "vitest";
import { createPrng, type Prng, randomInt } from "../../../cluster/base/prng.ts";
import { decode } from "../../../cluster/wire/codec.ts";
import { getDataResponse, setDataResponse } from "../../../cluster/zookeeper/node-records.ts";
import type { Entry } from "../../../monitor/tree/batch.ts";
import { OPEN_ACL, type Received, ServerWorld, type TestClient } from "./server-world.ts";

const NODES = ["/a", "/b", "/c"];
const CLIENTS = 4;

interface Asked {
  readonly xid: number;
  readonly what: "set" | "get" | "ping" | "sync";
  readonly path: string;
  readonly watch: boolean;
}

interface Person {
  client: TestClient;
  readonly password: Uint8Array;
  asked: Asked[];
  /** The newest change of each node that it has been shown, by event or by a reply. */
  readonly seen: Map<string, number>;
  /** Nodes that it watches, and the change that it knew when its watch was set. */
  readonly watching: Map<string, number>;
  /** Told of a change, and has not read since. */
  lastZxid: number;
  done: number;
}

/** What happens to forwarded entries before they are in the log. */
function disturb(world: ServerWorld, prng: Prng): Entry[] {
  const taken = world.forwarded.splice(0);
  const fate = randomInt(prng, 6);
  if (fate === 0) return [...taken, ...taken];
  if (fate !== 1) return taken;
  // A leader is gone with the end of what it had; the next one is sent everything again.
  const kept = taken.slice(0, randomInt(prng, taken.length + 1));
  world.step({ type: "leaderChanged" });
  return kept;
}

function start(world: ServerWorld): Person[] {
  const first = world.session();
  for (const path of NODES)
    first.ask("create", { path, data: new Uint8Array(8), acl: OPEN_ACL, flags: 0 });
  world.commit();
  return Array.from({ length: CLIENTS }, () => {
    const client = world.session();
    return {
      client,
      password: new Uint8Array(16).fill(client.id),
      asked: [],
      seen: new Map(),
      watching: new Map(),
      lastZxid: 0,
      done: 0,
    };
  });
}

function ask(person: Person, prng: Prng): void {
  const { client } = person;
  const packets: Uint8Array[] = [];
  for (let count = 1 + randomInt(prng, 4); count > 0; count--) {
    const path = NODES[randomInt(prng, NODES.length)] as string;
    const what = (["set", "get", "get", "ping", "sync"] as const)[randomInt(prng, 5)] ?? "get";
    const xid = client.nextXid();
    const watch = randomInt(prng, 2) === 0;
    person.asked.push({ xid, what, path, watch });
    if (what === "set") {
      const data = new Uint8Array(8);
      new DataView(data.buffer).setUint32(0, client.id);
      new DataView(data.buffer).setUint32(4, xid);
      packets.push(client.packet("setData", { path, data, version: -1 }, xid));
    } else if (what === "get") packets.push(client.packet("getData", { path, watch }, xid));
    else if (what === "ping") packets.push(client.packet("ping", {}, xid));
    else packets.push(client.packet("sync", { path }, xid));
  }
  client.send(...packets);
}

/** Checks what came against what was asked, in order. */
function check(world: ServerWorld, person: Person): void {
  for (const one of person.client.received.splice(0)) {
    if (one.kind === "event") checkEvent(person, one.path, one.type);
    else checkReply(world, person, one);
  }
}

function checkEvent(person: Person, path: string, type: string): void {
  expect(type).toBe("nodeDataChanged");
  expect(person.watching.has(path), `${path} is watched`).toBe(true);
  person.watching.delete(path);
}

function checkReply(
  world: ServerWorld,
  person: Person,
  reply: Extract<Received, { kind: "reply" }>,
): void {
  const asked = person.asked.shift();
  expect(reply.xid, "answers come in the order of the requests").toBe(asked?.xid);
  expect(reply.err).toBe(0);
  expect(reply.zxid, "zxids never go back").toBeGreaterThanOrEqual(person.lastZxid);
  person.lastZxid = reply.zxid;
  person.done += 1;
  if (asked?.what === "set") {
    showed(person, asked.path, decode(setDataResponse, reply.body).stat.mzxid);
    return;
  }
  if (asked?.what !== "get") return;
  const { data, stat } = decode(getDataResponse, reply.body);
  showed(person, asked.path, stat.mzxid);
  if (
    data !== undefined &&
    new DataView(data.buffer, data.byteOffset).getUint32(0) === person.client.id
  ) {
    const writtenBy = new DataView(data.buffer, data.byteOffset).getUint32(4);
    expect(writtenBy, "a read does not see a write that was asked for after it").toBeLessThan(
      asked.xid,
    );
  }
  if (asked.watch) person.watching.set(asked.path, stat.mzxid);
  expect(world.tree.znodes.find(asked.path)).toBeDefined();
}

/** A change is shown: nobody who watched the node may still wait to be told of it. */
function showed(person: Person, path: string, mzxid: number): void {
  const known = person.seen.get(path) ?? 0;
  expect(mzxid, "what was seen once is never unseen").toBeGreaterThanOrEqual(known);
  person.seen.set(path, mzxid);
  const watchedAt = person.watching.get(path);
  if (watchedAt === undefined) return;
  expect(mzxid, "the event comes before the answer that shows the change").toBe(watchedAt);
}

/** Its connection breaks; it comes back with its session and its watches. */
function reconnect(world: ServerWorld, person: Person): void {
  const { client, password } = person;
  const isLost = client.state !== "open";
  client.close();
  check(world, { ...person, asked: [...person.asked] });
  const next = world.open();
  next.connect({ sessionId: client.session, passwd: password });
  world.commit();
  if (!isLost) expect(next.session).toBe(client.session);
  person.client = next;
  person.asked = [];
  const relativeZxid = person.lastZxid;
  const dataWatches = [...person.watching.keys()];
  next.ask("setWatches", { relativeZxid, dataWatches, existWatches: [], childWatches: [] }, -8);
  const told = next.received.splice(0);
  expect(told.pop()).toMatchObject({ xid: -8, err: 0 });
  for (const one of told) if (one.kind === "event") checkEvent(person, one.path, one.type);
}

test("order, freshness and watches hold for any population and any loss on the way", () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 31 }), (seed) => {
      const prng = createPrng(seed);
      const world = new ServerWorld({
        limits: { requestsPerConnection: 5, requests: 9, forwardedBytes: 900, requestBytes: 4_000 },
      });
      const people = start(world);
      for (let round = 0; round < 60; round++) {
        const person = people[randomInt(prng, people.length)] as Person;
        const dice = randomInt(prng, 12);
        if (dice < 7) ask(person, prng);
        else if (dice < 10) world.apply(disturb(world, prng));
        else if (dice === 10) world.finishSyncs();
        else reconnect(world, person);
        world.tick(40);
        for (const each of people) check(world, each);
      }
      for (let round = 0; round < 20; round++) {
        world.apply(world.forwarded.splice(0));
        world.finishSyncs();
        world.tick(200);
      }
      for (const person of people) {
        check(world, person);
        expect(person.asked, "everything is answered in the end").toEqual([]);
        expect(person.client.state).toBe("open");
        // A watch that is still there has missed nothing.
        for (const [path, mzxid] of person.watching) {
          person.client.ask("getData", { path, watch: false });
          expect(decode(getDataResponse, person.client.lastReply().body).stat.mzxid).toBe(mzxid);
        }
      }
      expect(world.server.outstanding).toBe(0);
      expect(world.server.waiting.size).toBe(0);
    }),
    { numRuns: 150 },
  );
});
