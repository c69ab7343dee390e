import { describe, expect, test } from "vitest";
import { ERRORS } from "../../../cluster/zookeeper/error-codes.ts";
import { ENDING_MS, SESSIONLESS_MS, takeTouched } from "../../../monitor/zookeeper/server-core.ts";
import { OPEN_ACL, placeOf, rawPacket, ServerWorld, type TestClient } from "./server-world.ts";

const NOTHING = new Uint8Array(0);
const node = (path: string, flags = 0) => ({ path, data: NOTHING, acl: OPEN_ACL, flags });
const watched = (path: string) => ({ path, watch: true });
const plain = (path: string) => ({ path, watch: false });

describe("order of answers", () => {
  test("a read behind an unanswered write waits for it, and later requests for that", () => {
    const world = new ServerWorld();
    const client = world.session();
    client.send(
      client.packet("create", node("/a")),
      client.packet("exists", plain("/a")),
      client.packet("ping", {}, -2),
      client.packet("exists", plain("/b")),
    );
    expect(client.take()).toEqual([]);
    world.commit();
    expect(client.take()).toEqual(["1:0", "2:0", "-2:0", `3:${ERRORS.NONODE}`]);
  });

  test("a read between two writes sees the first and not the second", () => {
    const world = new ServerWorld();
    const client = world.session();
    client.send(
      client.packet("create", node("/a")),
      client.packet("exists", plain("/b")),
      client.packet("create", node("/b")),
      client.packet("exists", plain("/b")),
    );
    expect(world.forwarded).toHaveLength(2);
    world.commit();
    expect(client.take()).toEqual(["1:0", `2:${ERRORS.NONODE}`, "3:0", "4:0"]);
  });

  test("one client does not wait for another's writes", () => {
    const world = new ServerWorld();
    const [writer, reader] = [world.session(), world.session()];
    writer.ask("create", node("/a"));
    reader.ask("exists", plain("/a"));
    expect(reader.take()).toEqual([`1:${ERRORS.NONODE}`]);
  });

  test("a sync waits for the leader's word and for writes before it", () => {
    const world = new ServerWorld();
    const client = world.session();
    client.ask("create", node("/a"));
    client.ask("sync", { path: "/x" });
    client.ask("exists", plain("/a"));
    expect(world.syncs).toEqual([1]);
    world.finishSyncs();
    expect(client.take()).toEqual([]);
    world.commit();
    expect(client.take()).toEqual(["1:0", "2:0", "3:0"]);
    client.send(client.packet("sync", { path: "/x" }), client.packet("sync", { path: "/y" }));
    world.commit();
    expect(client.take()).toEqual([]);
    expect(world.syncs).toEqual([2]);
    world.finishSyncs();
    expect(client.take()).toEqual(["4:0", "5:0"]);
  });

  test("a read between a sync and a write does not see the write", () => {
    const world = new ServerWorld();
    const client = world.session();
    client.send(
      client.packet("sync", { path: "/" }),
      client.packet("exists", plain("/a")),
      client.packet("create", node("/a")),
      client.packet("exists", plain("/a")),
    );
    world.commit();
    expect(client.take()).toEqual([]);
    world.finishSyncs();
    world.commit();
    expect(client.take()).toEqual(["1:0", `2:${ERRORS.NONODE}`, "3:0", "4:0"]);
  });

  test("all answers to one step leave as one chunk", () => {
    const world = new ServerWorld();
    const client = world.session();
    let writes = 0;
    const hear = client.hear.bind(client);
    client.hear = (chunks) => {
      writes += chunks.length;
      hear(chunks);
    };
    client.send(...[1, 2, 3].map(() => client.packet("exists", plain("/"))));
    expect([writes, client.take().length]).toEqual([1, 3]);
  });
});

describe("watches", () => {
  test("a client is told of a change before any answer that shows it", () => {
    const world = new ServerWorld();
    const [writer, watcher] = [world.session(), world.session()];
    watcher.ask("exists", watched("/a"));
    watcher.take();
    writer.ask("create", node("/a"));
    watcher.send(watcher.packet("create", node("/b")), watcher.packet("exists", plain("/a")));
    world.commit();
    expect(watcher.take()).toEqual(["/a nodeCreated", "2:0", "3:0"]);
    expect(writer.take()).toEqual(["1:0"]);
  });

  test("the writer's own event comes before its answer", () => {
    const world = new ServerWorld();
    const client = world.session();
    client.ask("getChildren", watched("/"));
    client.ask("create", node("/a"));
    world.commit();
    expect(client.take()).toEqual(["1:0", "/ nodeChildrenChanged", "2:0"]);
  });
});

describe("sessions", () => {
  test("closing one answers and ends, and removes what was ephemeral", () => {
    const world = new ServerWorld();
    const [client, other] = [world.session(), world.session()];
    client.ask("create", node("/e", 1));
    other.ask("exists", watched("/e"));
    world.commit();
    client.send(client.packet("closeSession", {}), client.packet("exists", plain("/")));
    client.ask("exists", plain("/"));
    world.commit();
    expect([client.take(), client.state]).toEqual([["1:0", "2:0"], "ended"]);
    expect(other.take()).toEqual([`1:${ERRORS.NONODE}`, "/e nodeCreated"]);
  });

  test("an expired one loses its connection at once", () => {
    const world = new ServerWorld();
    const client = world.session();
    world.apply([{ type: "expireSession", session: Number(client.session) }]);
    expect(client.state).toBe("destroyed");
  });

  test("one that moved to another server loses its connection here", () => {
    const world = new ServerWorld();
    const client = world.session();
    const password = new Uint8Array(16).fill(client.id);
    const session = Number(client.session);
    const there = { server: 5, connection: 9, timeoutMs: 4000 };
    const wrong = new Uint8Array(16);
    const from = placeOf(client);
    world.apply([{ type: "attachSession", session, ...there, password: wrong, from }]);
    expect(client.state).toBe("open");
    world.apply([{ type: "attachSession", session, ...there, password, from }]);
    expect(client.state).toBe("destroyed");
  });

  test("signs of life are reported once between two reports", () => {
    const world = new ServerWorld();
    const [one, two] = [world.session(), world.session()];
    const ids = [one, two].map(({ session }) => Number(session));
    expect(takeTouched(world.server)).toEqual(ids);
    for (let count = 0; count < 3; count++) two.ask("ping", {}, -2);
    expect(takeTouched(world.server)).toEqual([ids[1]]);
    expect(takeTouched(world.server)).toEqual([]);
  });
});

describe("bounds", () => {
  test("a connection is not read while too much of it is unanswered, and nothing is lost", () => {
    const world = new ServerWorld({ limits: { requestsPerConnection: 2 } });
    const client = world.session();
    const names = ["/a", "/b", "/c", "/d", "/e"];
    client.send(...names.map((name) => client.packet("create", node(name))));
    expect([world.forwarded.length, client.isPaused]).toEqual([2, true]);
    client.ask("exists", plain("/e"));
    expect(client.take()).toEqual([]);
    world.commit();
    expect(client.take()).toEqual(["1:0", "2:0", "3:0", "4:0", "5:0", "6:0"]);
    expect(client.isPaused).toBe(false);
  });

  test("what all connections wait for is bounded, but each may wait for one", () => {
    const world = new ServerWorld({ limits: { requests: 3 } });
    const [busy, other] = [world.session(), world.session()];
    busy.send(...[1, 2, 3, 4].map((n) => busy.packet("create", node(`/busy${n}`))));
    other.send(...[1, 2].map((n) => other.packet("create", node(`/other${n}`))));
    expect(world.server.outstanding).toBe(4);
    expect([busy.isPaused, other.isPaused]).toEqual([true, true]);
    world.commit();
    expect([busy.take(), other.take()]).toEqual([
      ["1:0", "2:0", "3:0", "4:0"],
      ["1:0", "2:0"],
    ]);
    expect([busy.isPaused, other.isPaused, world.server.outstanding]).toEqual([false, false, 0]);
  });

  test("a client that takes nothing gets no more answers until it does", () => {
    const world = new ServerWorld({ limits: { outputBytesPaused: 1000 } });
    const client = world.session();
    const fill = (count: number) =>
      client.send(...new Array(count).fill(0).map(() => client.packet("exists", plain("/"))));
    fill(20);
    const answered = client.take().length;
    expect(answered).toBeGreaterThan(5);
    expect(answered).toBeLessThan(20);
    expect(client.isPaused).toBe(true);
    world.step({ type: "clientDrained", client: client.id, queuedBytes: 2000 });
    expect(client.take()).toEqual([]);
    for (let rest = 20 - answered; rest > 0; ) {
      world.step({ type: "clientDrained", client: client.id, queuedBytes: 0 });
      const more = client.take().length;
      expect(more).toBeGreaterThan(0);
      rest -= more;
    }
    expect(client.isPaused).toBe(false);
  });

  test("a watcher that reads nothing is given up, and others are not", () => {
    const world = new ServerWorld({ limits: { outputBytesMax: 500 } });
    const [slow, fine, writer] = [world.session(), world.session(), world.session()];
    for (const client of [slow, fine]) client.ask("addWatch", { path: "/", mode: 1 });
    for (let n = 0; n < 20; n++) {
      writer.ask("create", node(`/n${n}`));
      world.commit();
      for (const client of [fine, writer]) {
        world.step({ type: "clientDrained", client: client.id, queuedBytes: 0 });
      }
    }
    expect([slow.state, fine.state, writer.state]).toEqual(["destroyed", "open", "open"]);
    expect(fine.take()).toHaveLength(21);
    expect(world.server.watches.size).toBe(2);
  });
});

test("reads before writes on their way are answered even to a slow client, up to a bound", () => {
  for (const [outputBytesMax, state] of [
    [100_000, "open"],
    [2_000, "destroyed"],
  ] as const) {
    const world = new ServerWorld({ limits: { outputBytesPaused: 400, outputBytesMax } });
    const client = world.session();
    client.send(
      client.packet("create", node("/a")),
      ...new Array(50).fill(0).map(() => client.packet("exists", plain("/b"))),
      ...new Array(50).fill(0).map(() => client.packet("exists", plain("/"))),
      client.packet("create", node("/b")),
      client.packet("exists", plain("/b")),
    );
    expect(world.forwarded).toHaveLength(2);
    world.commit();
    expect(client.state).toBe(state);
    world.step({ type: "clientDrained", client: client.id, queuedBytes: 0 });
    const replies = client.take();
    if (state === "open") expect(replies.slice(-3)).toEqual(["101:0", "102:0", "103:0"]);
    else expect(replies).toEqual([]);
  }
});

test("when all clients together are too slow, those that take nothing are given up", () => {
  const world = new ServerWorld({ limits: { outputBytesPaused: 300, outputBytesTotal: 1_000 } });
  const [slow, fine, writer] = [world.session(), world.session(), world.session()];
  for (const client of [slow, fine]) client.ask("addWatch", { path: "/", mode: 1 });
  for (let n = 0; n < 30; n++) {
    writer.ask("create", node(`/n${n}`));
    world.commit();
    for (const client of [fine, writer]) {
      world.step({ type: "clientDrained", client: client.id, queuedBytes: 0 });
    }
  }
  expect([slow.state, fine.state, writer.state]).toEqual(["destroyed", "open", "open"]);
  expect(world.server.unsentBytes).toBe(0);
});

describe("silence", () => {
  const silentWorld = (): [ServerWorld, TestClient] => {
    const world = new ServerWorld();
    return [world, world.session({ timeOut: 5000 })];
  };

  test("a client is closed when nothing came within its timeout", () => {
    const [world, client] = silentWorld();
    world.tick(5000);
    expect(client.state).toBe("open");
    world.tick(1001);
    expect(client.state).toBe("destroyed");
  });

  test("time for which this process stood still does not count", () => {
    const [world, client] = silentWorld();
    world.tick(60_000, 59_000);
    expect(client.state).toBe("open");
  });

  test("who waits for an answer is not silent by its own fault", () => {
    const [world, client] = silentWorld();
    client.ask("create", node("/a"));
    world.tick(60_000);
    expect(client.state).toBe("open");
    world.commit();
    world.tick(1001);
    expect(client.state).toBe("destroyed");
  });

  test("a connection that asks for nothing is closed, and one that does not take its end", () => {
    const world = new ServerWorld();
    const idle = world.open();
    world.tick(SESSIONLESS_MS + 1);
    expect(idle.state).toBe("destroyed");
    const ended = world.session();
    ended.ask("closeSession", {});
    world.commit();
    world.tick(1_001);
    expect(ended.state).toBe("ended");
    world.tick(ENDING_MS + 1);
    expect(ended.state).toBe("destroyed");
  });
});

describe("without a quorum", () => {
  test("clients are closed and new ones refused", () => {
    const world = new ServerWorld();
    const client = world.session();
    client.ask("create", node("/a"));
    world.step({ type: "servingChanged", isServing: false });
    expect(client.state).toBe("destroyed");
    const late = world.open();
    late.connect();
    expect([late.state, late.connected]).toEqual(["destroyed", undefined]);
    world.commit();
    expect(client.take()).toEqual([]);
    expect(world.server.outstanding).toBe(0);
  });
});

describe("an operation that nothing has", () => {
  test.each([0, 10, 23, 50, -1, -100, 999])(
    "%i answers UNIMPLEMENTED and ends the connection",
    (op) => {
      const world = new ServerWorld();
      const client = world.session();
      client.send(rawPacket(1, op, NOTHING), client.packet("exists", plain("/")));
      expect(client.lastReply()).toMatchObject({ zxid: -1, err: ERRORS.UNIMPLEMENTED });
      expect([client.take(), client.state]).toEqual([[`1:${ERRORS.UNIMPLEMENTED}`], "ended"]);
    },
  );

  test("is answered in its turn, and the session goes on", () => {
    const world = new ServerWorld();
    const client = world.session();
    client.ask("create", node("/a"));
    client.send(rawPacket(2, 999, NOTHING));
    client.ask("create", node("/b"));
    expect([client.take(), client.state]).toEqual([[], "open"]);
    world.commit();
    expect([client.take(), client.state]).toEqual([["1:0", `2:${ERRORS.UNIMPLEMENTED}`], "ended"]);
    const again = world.open();
    again.connect({ sessionId: client.session, passwd: client.connected?.passwd });
    world.commit();
    expect(again.session).toBe(client.session);
    again.ask("exists", plain("/b"));
    expect(again.take()).toEqual([`1:${ERRORS.NONODE}`]);
  });
});

test("events about connections that are gone do nothing", () => {
  const world = new ServerWorld();
  const client = world.session();
  client.close();
  client.close();
  client.ask("exists", plain("/"));
  world.step({ type: "clientDrained", client: 99, queuedBytes: 0 });
  expect([client.take(), world.server.clients.size]).toEqual([[], 0]);
});
