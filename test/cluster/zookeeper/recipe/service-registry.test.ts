import { describe, expect, test } from "vitest";
import { textOf, utf8 } from "../../../../cluster/base/bytes.ts";
import type { ZooKeeperClient } from "../../../../cluster/zookeeper/client.ts";
import {
  MemberList,
  type Members,
  Registration,
} from "../../../../cluster/zookeeper/recipe/service-registry.ts";
import { ADDRESSES, ClientWorld } from "../client-world.ts";

function textsOf(members: Members): string {
  return [...members].map(([name, data]) => `${name}=${textOf(data)}`).join(" ");
}

interface Registry {
  readonly world: ClientWorld;
  readonly seen: string[];
  readonly failures: unknown[];
  readonly list: MemberList;
  register(name: string, data: string): { registration: Registration; client: ZooKeeperClient };
  shows(texts: string): Promise<void>;
}

async function start(): Promise<Registry> {
  const world = new ClientWorld();
  await world.start(...ADDRESSES);
  const seen: string[] = [];
  const failures: unknown[] = [];
  const onFailure = (error: unknown): void => {
    failures.push(error);
  };
  const list = new MemberList({
    client: world.client({ renews: true }),
    path: "/services/osd",
    onChange: (members) => seen.push(textsOf(members)),
    onFailure,
  });
  return {
    world,
    seen,
    failures,
    list,
    register: (name, data) => {
      const client = world.client({ renews: true });
      const registration = new Registration({
        client,
        path: "/services/osd",
        name,
        data: utf8(data),
        onFailure,
      });
      return { registration, client };
    },
    shows: (texts) => world.untilTrue(() => seen.at(-1) === texts),
  };
}

describe("a registry", () => {
  test("lists who comes, what they say and who goes", async () => {
    const { register, shows, list, world } = await start();
    await shows("");
    const a = register("a", "1").registration;
    await shows("a=1");
    register("b", "2");
    await shows("a=1 b=2");
    a.update(utf8("3"));
    await shows("a=3 b=2");
    await world.until(a.stop());
    await shows("b=2");
    expect(textsOf(list.members)).toBe("b=2");
  });

  test("reads only what has changed", async () => {
    const { register, shows, world } = await start();
    register("a", "1");
    const b = register("b", "1").registration;
    await shows("a=1 b=1");
    await world.pass(100);
    world.server.log.length = 0;
    b.update(utf8("2"));
    await shows("a=1 b=2");
    expect(world.server.log).not.toContain("getData /services/osd/a");
  });

  test("has a member again after its session expired", async () => {
    const { register, shows, world, seen, failures } = await start();
    const { client } = register("a", "1");
    await shows("a=1");
    world.server.expire(client.sessionId);
    await world.untilTrue(() => seen.join("|").endsWith("a=1||a=1"));
    expect(failures).toEqual([]);
  });

  test("has a member again whose node somebody deleted", async () => {
    const { register, shows, world, seen } = await start();
    register("a", "1");
    await shows("a=1");
    world.server.change("/services/osd/a", undefined);
    await world.untilTrue(() => world.server.children("/services/osd").length === 1);
    await world.pass(100);
    expect(seen.at(-1)).toBe("a=1");
  });

  test("has a member once, although the answer to its create is lost", async () => {
    const { register, shows, world, failures } = await start();
    await shows("");
    let losses = 1;
    world.server.losesReply = ({ op }) => op === "create2" && losses-- > 0;
    register("a", "1");
    await shows("a=1");
    expect(failures).toEqual([]);
  });

  test("gives a name to the newest session, and tells the one before", async () => {
    const { register, shows, failures, world } = await start();
    register("a", "old");
    await shows("a=old");
    register("a", "new");
    await shows("a=new");
    await world.untilTrue(() => failures.length > 0);
    expect(failures).toMatchObject([{ code: "NODEEXISTS", path: "/services/osd/a" }]);
  });

  test("is made by its members: a list of none leaves the tree as it is", async () => {
    const { register, shows, world } = await start();
    await shows("");
    await world.pass(100);
    expect([...world.server.nodes.keys()]).toEqual(["/"]);
    register("a", "1");
    await shows("a=1");
  });

  test("leaves a name to whom it may not take it from, until that one is gone", async () => {
    const { register, shows, world, failures } = await start();
    const { registration } = register("a", "foreign");
    await shows("a=foreign");
    const late = new Registration({
      client: world.client(),
      path: "/services/osd",
      name: "a",
      data: utf8("own"),
      mayTakeOver: (data) => textOf(data) !== "foreign",
      onFailure: (error) => failures.push(error),
    });
    await world.pass(1000);
    expect(textOf(world.server.nodes.get("/services/osd/a")?.data ?? utf8(""))).toBe("foreign");
    await world.until(registration.stop());
    await shows("a=own");
    expect(failures).toEqual([]);
    await world.until(late.stop());
  });

  test("is seen anew by a list whose own session expired", async () => {
    const { register, shows, world, failures } = await start();
    const { registration } = register("a", "1");
    await shows("a=1");
    const [lister = 0n] = world.server.sessionIds;
    world.server.expire(lister);
    registration.update(utf8("2"));
    await shows("a=2");
    expect(failures).toEqual([]);
  });
});
