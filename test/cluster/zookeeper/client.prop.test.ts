/**
 * Clients on a network that does all that networks do, with servers that come and go. Whatever
 * happens: a request is carried out at most once, what was acknowledged was carried out, what was
 * said not to have been sent was not, and in the end everybody sees the same.
 */
import { describe, expect, test } from "vitest";
import { textOf, utf8 } from "../../../cluster/base/bytes.ts";
import { isClusterError } from "../../../cluster/base/error.ts";
import { peerName } from "../../../cluster/base/ids.ts";
import {
  createPrng,
  type Prng,
  randomBetween,
  randomChance,
  randomInt,
  randomPick,
} from "../../../cluster/base/prng.ts";
import type { ZooKeeperClient } from "../../../cluster/zookeeper/client.ts";
import { persistently } from "../../../cluster/zookeeper/recipe/retry.ts";
import { WatchedValue } from "../../../cluster/zookeeper/recipe/watched-value.ts";
import { isZooKeeperError } from "../../../cluster/zookeeper/zookeeper-error.ts";
import { ADDRESSES, ClientWorld } from "./client-world.ts";

const SEEDS = Array.from({ length: 12 }, (_, index) => index + 1);
const CLIENT_COUNT = 3;
const ROUND_COUNT = 40;

interface Fates {
  readonly done: string[];
  readonly unknown: string[];
  readonly unsent: string[];
}

async function disturb(world: ClientWorld, prng: Prng): Promise<void> {
  const client = peerName(`client.${randomBetween(prng, 1, CLIENT_COUNT)}`);
  const server = peerName("mon.0");
  const address = randomPick(prng, ADDRESSES);
  switch (randomInt(prng, 7)) {
    case 0:
      world.network.reset(client, server);
      break;
    case 1:
      world.network.partition([[client], [server]], "symmetric");
      break;
    case 2:
      world.network.clog(server, client, world.scheduler.nowMs + randomInt(prng, 8000));
      break;
    case 3:
      await world.kill(address);
      break;
    case 4:
      world.server.cut(address);
      break;
    case 5: {
      const [id] = world.server.sessionIds;
      if (id !== undefined && randomChance(prng, 0.3)) world.server.expire(id);
      break;
    }
    default:
      await heal(world);
  }
}

async function heal(world: ClientWorld): Promise<void> {
  world.network.heal();
  for (const address of ADDRESSES) await world.kill(address);
  await world.start(...ADDRESSES);
}

async function create(client: ZooKeeperClient, name: string, fates: Fates): Promise<void> {
  try {
    await client.create(`/n/${name}`);
    fates.done.push(name);
  } catch (error) {
    if (isClusterError(error, "CONNECTION_LOST")) fates.unknown.push(name);
    else if (isClusterError(error, "UNREACHABLE")) fates.unsent.push(name);
    // Of a session that expired nobody knows what it still did.
    else if (isZooKeeperError(error, "SESSIONEXPIRED")) fates.unknown.push(name);
    else throw error;
  }
}

describe("on a network that fails", () => {
  test.each(SEEDS)("requests are carried out once or not at all (%i)", async (seed) => {
    const world = new ClientWorld(seed);
    await world.start(...ADDRESSES);
    const prng = createPrng(seed);
    world.server.change("/n", utf8(""));
    world.server.change("/v", utf8("0"));
    const loses = (): boolean => randomInt(prng, 60) === 0;
    world.server.losesReply = loses;
    world.server.losesRequest = loses;
    const clients = Array.from({ length: CLIENT_COUNT }, () => world.client({ renews: true }));
    const seen: string[] = [];
    const failures: unknown[] = [];
    for (const client of clients) {
      new WatchedValue({
        client,
        path: "/v",
        onChange: (value) => seen.push(textOf(value?.data ?? utf8("none"))),
        onFailure: (error) => failures.push(error),
      });
    }
    const fates: Fates = { done: [], unknown: [], unsent: [] };
    const creates: Promise<void>[] = [];
    for (let round = 0; round < ROUND_COUNT; round++) {
      for (let count = randomInt(prng, 6); count > 0; count--) {
        creates.push(create(randomPick(prng, clients), `${creates.length}`, fates));
      }
      if (randomChance(prng, 0.4)) world.server.change("/v", utf8(`${round}`));
      if (randomChance(prng, 0.4)) await disturb(world, prng);
      await world.pass(randomInt(prng, 1500));
    }
    world.server.losesReply = () => false;
    world.server.losesRequest = () => false;
    await heal(world);
    world.server.change("/v", utf8("last"));
    await world.until(Promise.all(creates));
    const syncs = clients.map((client) => persistently(client, () => client.sync()));
    await world.until(Promise.all(syncs));

    const carriedOut = world.server.log.filter((line) => line.startsWith("create2 /n/"));
    expect(new Set(carriedOut).size).toBe(carriedOut.length);
    const nodes = new Set(world.server.children("/n"));
    for (const name of fates.done) expect(nodes).toContain(name);
    for (const name of fates.unsent) expect(nodes).not.toContain(name);
    expect(fates.done.length + fates.unknown.length + fates.unsent.length).toBe(creates.length);
    expect(fates.done.length).toBeGreaterThan(creates.length / 5);
    await world.untilTrue(() => seen.slice(-CLIENT_COUNT).every((text) => text === "last"));
    expect(failures).toEqual([]);
    await world.until(Promise.all(clients.map((client) => client.close())));
  });
});
