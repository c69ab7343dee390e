import { describe, expect, test } from "vitest";
import { present } from "../../../cluster/base/assert.ts";
import { OPCODES } from "../../../cluster/zookeeper/op-codes.ts";
import type { Entry, EntryOf } from "../../../monitor/tree/batch.ts";
import type { Place } from "../../../monitor/tree/session-table.ts";
import { digestOf } from "../../../monitor/tree/tree.ts";
import { type Client, createFields, nameOf, World } from "./world.ts";

const EMPTY = new Uint8Array(0);

const placeOf = ({ server, connection }: Place): Place => ({ server, connection });

/** The session moves from there to where it is. */
function attachmentOf(world: World, client: Client, from: Place): EntryOf<"attachSession"> {
  const { session, server, connection } = client;
  const { password } = present(world.tree.sessions.find(session), "its session");
  const place = { server, connection };
  return { type: "attachSession", session, ...place, timeoutMs: 20_000, password, from };
}

describe("a request counts once, and in its turn", () => {
  function twice(rules = {}) {
    const world = new World({ rules });
    const client = world.connect();
    const request = world.requestOf(client, "create", {
      ...createFields({ flags: 2 }),
      path: "/n",
    });
    return { world, client, request };
  }

  test("one that comes again is ignored, and takes no zxid", () => {
    const { world, client, request } = twice();
    expect(world.entry(request)).toMatchObject({ kind: "done" });
    const [digest, { zxid }] = [digestOf(world.tree), world];
    const again = world.entry(request);
    expect(again).toEqual({
      kind: "repeat",
      zxid,
      error: 0,
      session: client.session,
      triggers: [],
    });
    expect(world.children(client, "/").length).toBe(2);
    expect(digestOf(world.tree)).not.toBe(digest); // Only the batch's index went on.
    expect(world.zxid).toBe(zxid);
  });

  test("switched off, a sequential node is made twice", () => {
    const { world, client, request } = twice({ applyOnce: false });
    world.entry(request);
    world.entry(request);
    expect(world.children(client, "/").length).toBe(3);
  });

  test("one whose predecessor is missing is ignored, until it comes after it", () => {
    const { world, client, request } = twice();
    const next = world.requestOf(client, "delete", { path: "/n0000000000", version: -1 });
    expect(world.entry(next)).toMatchObject({ kind: "skip", zxid: world.zxid });
    expect(world.entry(request)).toMatchObject({ kind: "done", error: 0 });
    expect(world.entry(next)).toMatchObject({ kind: "done", error: 0 });
    expect(world.entry(request)).toMatchObject({ kind: "repeat" });
  });

  test("switched off, it is applied before its predecessor", () => {
    const { world, client } = twice({ applyInOrder: false });
    const early = world.requestOf(client, "delete", { path: "/none", version: -1 });
    expect(world.entry(early)).toMatchObject({ kind: "done", error: -101 });
  });

  test("a request that fails counts too", () => {
    const { world, client } = twice();
    client.sequence = 0;
    const bad = world.requestOf(client, "delete", { path: "/none", version: -1 });
    expect(world.entry(bad).error).toBe(-101);
    expect(world.entry(bad)).toMatchObject({ kind: "repeat" });
  });
});

describe("sessions", () => {
  test("are numbered by the zxid that they take", () => {
    const world = new World();
    const { session } = world.connect();
    expect(session).toBe(world.zxid);
    expect(world.connect().session).toBe(session + 1);
  });

  test("asked for again by the same connection are the same, and take no zxid", () => {
    const world = new World();
    const { session, connection } = world.connect();
    const { zxid } = world;
    const password = new Uint8Array(16);
    const entry: Entry = { type: "createSession", server: 7, connection, timeoutMs: 5, password };
    expect(world.entry(entry)).toMatchObject({ kind: "done", error: 0, session, zxid });
    expect(world.tree.sessions.count).toBe(1);
  });

  test("move with their password, and then answer at the new connection alone", () => {
    const world = new World();
    const client = world.connect();
    world.create(client, "/a");
    const old = { ...client };
    const { zxid } = world;
    expect(world.move(client)).toMatchObject({ error: 0, session: client.session, zxid });
    const fromOld = world.entry(world.rawRequest(old, OPCODES.delete, EMPTY));
    expect(nameOf(fromOld.error)).toBe("SESSIONMOVED");
    expect(fromOld.zxid).toBe(zxid + 1);
    expect(world.create(client, "/b").error).toBe("OK");
  });

  test.each([
    ["with another password", { password: new Uint8Array(16).fill(0xff) }, "AUTHFAILED"],
    ["that are not there", { session: 99 }, "SESSIONEXPIRED"],
  ])("%s do not move", (_, fields, error) => {
    const world = new World();
    const { session } = world.connect();
    const [digest, { zxid }] = [digestOf(world.tree), world];
    const place = { session, server: 9, connection: 9, timeoutMs: 5, password: EMPTY16 };
    const from = { server: 7, connection: 1 };
    const outcome = world.entry({ type: "attachSession", ...place, from, ...fields });
    expect(nameOf(outcome.error)).toBe(error);
    expect(outcome.zxid).toBe(zxid);
    expect(world.tree.sessions.find(session)).toMatchObject({ server: 7 });
    expect(digestOf(world.tree)).not.toBe(digest);
  });

  test("are moved once, however often it arrives: requests since then count once, too", () => {
    const world = new World();
    const client = world.connect();
    const from = placeOf(client);
    world.move(client);
    const attach = attachmentOf(world, client, from);
    const create = world.rawRequest(client, OPCODES.delete, EMPTY);
    expect(world.entry(create).kind).toBe("done");
    expect(world.entry(attach)).toMatchObject({ kind: "done", error: 0 });
    expect(world.entry(create).kind).toBe("repeat");
  });

  function comeBackLate(rules = {}) {
    const world = new World({ rules });
    const client = world.connect();
    const first = placeOf(client);
    world.move(client);
    const late = attachmentOf(world, client, first);
    const create = world.requestOf(client, "create", { ...createFields({ flags: 2 }), path: "/n" });
    world.entry(create);
    world.move(client);
    return { world, client, late, create };
  }

  test("are not taken back by an attachment that comes again when they have moved on", () => {
    const { world, client, late, create } = comeBackLate();
    const place = placeOf(client);
    const { zxid } = world;
    expect(world.entry(late)).toMatchObject({ kind: "skip", zxid, session: client.session });
    expect(world.tree.sessions.find(client.session)).toMatchObject(place);
    expect(nameOf(world.entry(create).error)).toBe("SESSIONMOVED");
    expect(world.children(client, "/")).toHaveLength(2);
  });

  test("switched off, what the connection asked for then is done twice", () => {
    const { world, client, late, create } = comeBackLate({ applyOnce: false });
    world.entry(late);
    world.entry(create);
    expect(world.children(client, "/")).toHaveLength(3);
  });

  test.each(["closeSession", "expireSession"] as const)(
    "end by %s, with all that is theirs",
    (how) => {
      const world = new World();
      const [client, other] = [world.connect(), world.connect()];
      for (const path of ["/c", "/b", "/a"]) world.create(client, path, { flags: 1 });
      world.create(other, "/d", { flags: 1 });
      const entry: Entry =
        how === "closeSession"
          ? world.rawRequest(client, OPCODES.closeSession, EMPTY)
          : { type: "expireSession", session: client.session };
      const { zxid } = world;
      const outcome = world.entry(entry);
      expect(outcome).toMatchObject({ error: 0, zxid: zxid + 1, session: client.session });
      expect(outcome.response).toBeUndefined();
      // In the order of a copy of ZooKeeper's HashSet: /a, /b and /c stand in neighbouring buckets.
      expect(outcome.triggers.map(({ type, path }) => `${type} ${path}`)).toEqual(
        ["/a", "/b", "/c"].flatMap((path) => [`nodeDeleted ${path}`, "nodeChildrenChanged /"]),
      );
      expect(world.children(other, "/").toSorted()).toEqual(["d", "zookeeper"]);
      expect(nameOf(world.entry(entry).error)).toBe("SESSIONEXPIRED");
      expect(world.stat(other, "/").pzxid).toBe(zxid + 1);
    },
  );

  test("are bounded in number", () => {
    const world = new World();
    Object.defineProperty(world.tree.sessions, "count", { value: 1_000_000 });
    expect(() => world.connect()).toThrow("the new session is missing");
  });
});

describe("zxids", () => {
  test("are taken by what fails, too", () => {
    const world = new World();
    const client = world.connect();
    const { zxid } = world;
    expect(world.delete(client, "/none").outcome.zxid).toBe(zxid + 1);
    expect(world.entry({ type: "expireSession", session: 77 }).zxid).toBe(zxid + 2);
  });

  test("are not, with the rule switched off", () => {
    const world = new World({ rules: { zxidOfFailed: false } });
    const client = world.connect();
    const { zxid } = world;
    expect(world.delete(client, "/none").outcome.zxid).toBe(zxid);
    expect(world.create(client, "/a").outcome.zxid).toBe(zxid + 1);
  });

  test("are not taken by settings", () => {
    const world = new World();
    world.connect();
    const { zxid } = world;
    expect(world.settings({ skipAcl: true })).toMatchObject({ error: 0, zxid });
  });
});

const EMPTY16 = new Uint8Array(16);
