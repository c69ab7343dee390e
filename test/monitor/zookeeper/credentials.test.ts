import { describe, expect, test } from "vitest";
import { utf8 } from "../../../cluster/base/bytes.ts";
import { ERRORS } from "../../../cluster/zookeeper/error-codes.ts";
import {
  addressIdentity,
  authenticate,
  digestId,
  splitAddress,
  userOf,
} from "../../../monitor/zookeeper/credentials.ts";
import { ServerWorld } from "./server-world.ts";

describe("addresses as Java spells them", () => {
  test.each([
    ["127.0.0.1:55936", "127.0.0.1", "55936"],
    ["[::1]:5", "0:0:0:0:0:0:0:1", "5"],
    ["[::ffff:10.1.2.3]:5", "10.1.2.3", "5"],
    ["[2001:DB8::00ff:0]:5", "2001:db8:0:0:0:0:ff:0", "5"],
    ["[fe80::1%eth0]:5", "fe80:0:0:0:0:0:0:1", "5"],
    ["[::]:5", "0:0:0:0:0:0:0:0", "5"],
    ["[1:2:3:4:5:6:7:8]:5", "1:2:3:4:5:6:7:8", "5"],
    ["host:5", "host", "5"],
  ])("%s", (address, host, port) => {
    expect(splitAddress(address)).toEqual({ host, port });
    expect(addressIdentity(address)).toEqual({ scheme: "ip", id: host });
  });
});

test.each([
  ["super:test", "super:D/InIHSb7yEEbrWz8b9l71RjZJU="],
  ["a:b", "a:3OptnM09ILoVSfbZtd3mB0IViII="],
  ["foo", "foo:C+7Hteo/D9vJXQ3UfzxbwnXaijM="],
])("the digest of %s is ZooKeeper's", (credentials, id) => {
  expect(digestId(credentials)).toBe(id);
});

describe("credentials", () => {
  const client = { address: "10.0.0.1:5", identities: [addressIdentity("10.0.0.1:5")] };
  const SUPER = digestId("super:test");
  const tried = (scheme: string, auth: string | undefined, from = client) => {
    const bytes = auth === undefined ? undefined : utf8(auth);
    const found = authenticate(from, { scheme, auth: bytes }, SUPER);
    return found?.map(({ scheme: kind, id }) => `${kind}|${id}`);
  };

  test("a digest adds an identity, the super digest a second one", () => {
    const added = (auth: string) => new Set(tried("digest", auth));
    expect(added("a:b")).toEqual(new Set(["ip|10.0.0.1", `digest|${digestId("a:b")}`]));
    expect(added("super:test")).toEqual(new Set(["ip|10.0.0.1", `digest|${SUPER}`, "super|"]));
  });

  test("identities are in the order in which Apache ZooKeeper 3.8 lists them", () => {
    let from = { address: "127.0.0.1:5", identities: [addressIdentity("127.0.0.1:5")] };
    for (const [at, user] of ["ann", "bob", "carl", "dora", "eve", "fred", "gina"].entries()) {
      const auth = utf8(`${user}:${at + 1}`);
      const identities = authenticate(from, { scheme: "digest", auth }, "") ?? [];
      from = { ...from, identities: [...identities] };
    }
    expect(from.identities.map(userOf).join(" ")).toBe("fred gina eve carl dora 127.0.0.1 ann bob");
  });

  test("nobody is super where there is no super digest", () => {
    const auth = utf8("super:test");
    expect(authenticate(client, { scheme: "digest", auth }, "")).toHaveLength(2);
  });

  test("the address is known already", () => {
    expect(tried("ip", "whatever")).toEqual(["ip|10.0.0.1"]);
  });

  test.each([
    ["world", "anyone"],
    ["super", ""],
    ["sasl", "x"],
    ["digest", undefined],
  ])("%s is refused", (scheme, auth) => {
    expect(tried(scheme, auth)).toBeUndefined();
  });

  test("a connection has a bounded number of identities, and keeps those it has", () => {
    let from = { ...client };
    let count = 1;
    for (;;) {
      const identities = authenticate(from, { scheme: "digest", auth: utf8(`u${count}:p`) }, "");
      if (identities === undefined) break;
      from = { ...from, identities: [...identities] };
      count += 1;
    }
    expect(count).toBe(255);
    expect(tried("digest", "u1:p", from)).toHaveLength(255);
  });

  test("a connection has identities of so many bytes, and keeps those it has", () => {
    const large = "u".repeat(10_000);
    const identities = authenticate(client, { scheme: "digest", auth: utf8(`${large}:p`) }, "");
    expect(identities).toHaveLength(2);
    const from = { ...client, identities: [...(identities ?? [])] };
    expect(tried("digest", `${large}2:p`, from)).toBeUndefined();
    expect(tried("digest", `${large}:p`, from)).toHaveLength(2);
    expect(tried("digest", "small:p", from)).toHaveLength(3);
  });

  test("whoAmI shows users, not hashes", () => {
    expect(userOf({ scheme: "digest", id: "a:hash" })).toBe("a");
    expect(userOf({ scheme: "ip", id: "::1" })).toBe("::1");
    expect(userOf({ scheme: "super", id: "" })).toBe("");
  });
});

describe("auth packets", () => {
  const acl = [{ perms: 31, id: { scheme: "digest", id: digestId("a:b") } }];

  test("count for what comes after, at once, and are answered in turn", () => {
    const world = new ServerWorld();
    const client = world.session();
    client.send(
      client.packet("create", { path: "/a", data: undefined, acl, flags: 0 }),
      client.packet("getData", { path: "/a", watch: false }),
      client.packet("auth", { type: 0, scheme: "digest", auth: utf8("a:b") }, -4),
      client.packet("getData", { path: "/a", watch: false }),
    );
    expect(client.take()).toEqual([]);
    world.commit();
    expect(client.take()).toEqual(["1:0", `2:${ERRORS.NOAUTH}`, "-4:0", "3:0"]);
  });

  test("that fail are answered, and end the connection", () => {
    const world = new ServerWorld();
    const client = world.session();
    client.send(
      client.packet("auth", { type: 0, scheme: "world", auth: utf8("x") }, -4),
      client.packet("getData", { path: "/", watch: false }),
    );
    expect([client.take(), client.state]).toEqual([[`-4:${ERRORS.AUTHFAILED}`], "ended"]);
    expect(world.server.counts.authFailed).toBe(1);
  });
});
