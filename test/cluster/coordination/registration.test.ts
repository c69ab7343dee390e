import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";
import { utf8 } from "../../../cluster/base/bytes.ts";
import {
  changesBetween,
  type RegisteredDaemon,
  RegistrationWatch,
  registerDaemon,
} from "../../../cluster/coordination/registration.ts";
import type { ZooKeeperClient } from "../../../cluster/zookeeper/client.ts";
import type { Registration } from "../../../cluster/zookeeper/recipe/service-registry.ts";
import { ACL, MapWorld } from "./map-world.ts";

let world: MapWorld;
let seen: string[];
let failures: unknown[];
beforeEach(async () => {
  world = await MapWorld.start();
  seen = [];
  failures = [];
});

const daemonOf = (nonce: number, uuid = "store"): RegisteredDaemon => ({
  address: "10.0.0.1:6800",
  nonce,
  host: "a",
  version: "1",
  uuid,
});

interface Daemon {
  readonly client: ZooKeeperClient;
  readonly registration: Registration;
  readonly blockedBy: (string | undefined)[];
}

function register(name: string, daemon: RegisteredDaemon): Daemon {
  const client = world.tree();
  const blockedBy: (string | undefined)[] = [];
  const registration = registerDaemon({
    client,
    kind: "osd",
    name,
    daemon,
    onBlocked: (by) => blockedBy.push(by?.uuid),
    onFailure: (error) => failures.push(error),
  });
  return { client, registration, blockedBy };
}

function watch(): RegistrationWatch {
  return new RegistrationWatch({
    client: world.tree(),
    kind: "osd",
    log: world.log,
    onChange: (changes) => {
      const lines = changes.map((change) =>
        change.type === "vanished"
          ? `${change.name} vanished`
          : `${change.name} ${change.type} ${change.daemon.nonce}`,
      );
      seen.push(lines.join(", "));
    },
    onFailure: (error) => failures.push(error),
  });
}

const untilSeen = (line: string): Promise<void> => world.untilTrue(() => seen.at(-1) === line);

describe("registrations", () => {
  test("tell who comes, what changes and who goes", async () => {
    const watcher = watch();
    await untilSeen("");
    const first = register("1", daemonOf(1));
    await untilSeen("1 appeared 1");
    register("2", daemonOf(2, "other"));
    await untilSeen("2 appeared 2");
    expect([...watcher.daemons.keys()]).toEqual(["1", "2"]);
    expect(watcher.daemons.get("1")).toEqual(daemonOf(1));
    await world.until(first.registration.stop());
    await untilSeen("1 vanished");
    expect(world.server.nodes.get("/kelp/osd/2")?.acl).toEqual(ACL);
    expect(failures).toEqual([]);
  });

  test("show a daemon whose session ends as gone, and then as there again", async () => {
    watch();
    const { client } = register("1", daemonOf(1));
    await untilSeen("1 appeared 1");
    world.gateOf(client).close();
    world.server.expire(client.sessionId);
    await untilSeen("1 vanished");
    world.gateOf(client).open();
    await untilSeen("1 appeared 1");
    expect(failures).toEqual([]);
  });

  test("leave out what cannot be read, and say so", async () => {
    watch();
    await untilSeen("");
    world.server.change("/kelp/osd/9", utf8("?"));
    register("1", daemonOf(1));
    await untilSeen("1 appeared 1");
    expect(world.logged[0]).toContain("osd.9 says nothing about itself");
  });
});

describe("a daemon that starts again", () => {
  test("takes the place of the process before, whose session still lasts", async () => {
    watch();
    const before = register("1", daemonOf(1));
    await untilSeen("1 appeared 1");
    world.gateOf(before.client).close();
    const after = register("1", daemonOf(2));
    await world.untilTrue(() => seen.join().includes("2"));
    expect(after.blockedBy).toEqual([]);
    expect(seen.slice(2).join(", ")).toMatch(/^(1 changed 2|1 vanished, 1 appeared 2)$/);
  });

  test("with another store waits until the name is free", async () => {
    watch();
    const before = register("1", daemonOf(1));
    await untilSeen("1 appeared 1");
    const after = register("1", daemonOf(2, "another store"));
    await world.pass(30_000);
    expect(after.blockedBy).toEqual(["store"]);
    expect(seen.at(-1)).toBe("1 appeared 1");
    world.gateOf(before.client).close();
    world.server.expire(before.client.sessionId);
    await untilSeen("1 appeared 2");
    expect(failures).toEqual([]);
  });

  test("does not take what it cannot read for its own", async () => {
    world.server.change("/kelp/osd/1", utf8("?"));
    const { blockedBy } = register("1", daemonOf(1));
    await world.pass(1000);
    expect(blockedBy).toEqual([undefined]);
  });
});

test("changes lead from what was to what is", () => {
  const daemons = fc
    .dictionary(fc.constantFrom("1", "2", "3"), fc.nat({ max: 2 }))
    .map(
      (nonces) => new Map(Object.entries(nonces).map(([name, nonce]) => [name, daemonOf(nonce)])),
    );
  fc.assert(
    fc.property(daemons, daemons, (before, after) => {
      const result = new Map(before);
      for (const change of changesBetween(before, after)) {
        if (change.type === "vanished") {
          expect(result.delete(change.name)).toBe(true);
          continue;
        }
        expect(result.has(change.name)).toBe(change.type === "changed");
        expect(result.get(change.name)).not.toEqual(change.daemon);
        result.set(change.name, change.daemon);
      }
      expect(result).toEqual(after);
    }),
  );
});
