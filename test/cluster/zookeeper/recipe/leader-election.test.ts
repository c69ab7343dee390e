import { describe, expect, test } from "vitest";
import { textOf, utf8 } from "../../../../cluster/base/bytes.ts";
import type { ZooKeeperClient } from "../../../../cluster/zookeeper/client.ts";
import {
  currentLeader,
  LeaderElection,
} from "../../../../cluster/zookeeper/recipe/leader-election.ts";
import { ADDRESSES, ClientWorld } from "../client-world.ts";

interface Candidate {
  readonly client: ZooKeeperClient;
  readonly election: LeaderElection;
  readonly roles: string[];
}

async function worldOf(count: number, renews = true): Promise<[ClientWorld, Candidate[]]> {
  const world = new ClientWorld();
  await world.start(...ADDRESSES);
  const candidates: Candidate[] = [];
  for (let index = 0; index < count; index++) {
    candidates.push(stand(world, `c${index}`, renews));
    await world.untilTrue(() => world.server.children("/e").length === index + 1);
  }
  await world.untilTrue(() => candidates[0]?.election.role === "leading");
  return [world, candidates];
}

function stand(world: ClientWorld, id: string, renews: boolean): Candidate {
  const roles: string[] = [];
  const client = world.client({ renews });
  const election = new LeaderElection({
    client,
    path: "/e",
    id,
    address: utf8(`${id}:1`),
    onRole: (role) => roles.push(role),
  });
  return { client, election, roles };
}

const leaders = (candidates: readonly Candidate[]): number[] =>
  candidates.flatMap(({ election }, index) => (election.role === "leading" ? [index] : []));

describe("an election", () => {
  test("has one leader, whom others can find", async () => {
    const [world, candidates] = await worldOf(3);
    await world.pass(1000);
    expect(leaders(candidates)).toEqual([0]);
    const observer = world.client();
    const leader = await world.until(currentLeader(observer, "/e"));
    expect(textOf(leader?.address ?? utf8(""))).toBe("c0:1");
    expect(leader?.path).toBe(candidates[0]?.election.ownPath);
    expect(await world.until(currentLeader(observer, "/none"))).toBeUndefined();
  });

  test("goes to the next when the leader steps down, and wakes no more than that one", async () => {
    const [world, candidates] = await worldOf(4);
    await world.pass(1000);
    world.server.log.length = 0;
    await world.until(candidates[0]?.election.stop() ?? Promise.reject());
    await world.untilTrue(() => leaders(candidates).length === 1);
    expect(leaders(candidates)).toEqual([1]);
    const listings = world.server.log.filter((line) => line === "getChildren2 /e");
    expect(listings.length).toBeLessThanOrEqual(4);
    expect(candidates[0]?.roles).toEqual(["leading", "ended"]);
  });

  test("goes to the next when the leader's session expires, who then stands again, last", async () => {
    const [world, candidates] = await worldOf(3);
    const [first] = candidates;
    world.server.expire(first?.client.sessionId ?? 0n);
    await world.untilTrue(() => candidates[1]?.election.role === "leading");
    await world.untilTrue(() => world.server.children("/e").length === 3);
    await world.pass(1000);
    expect(leaders(candidates)).toEqual([1]);
    expect(first?.roles).toEqual(["leading", "doubtful", "waiting"]);
  });

  test("is in doubt while the leader is cut off, and goes on when it is back in time", async () => {
    const [world, candidates] = await worldOf(2);
    const [first] = candidates;
    const path = first?.election.ownPath;
    expect(first?.election.check()).toEqual({ type: "check", path, version: -1 });
    world.server.isUnwilling = true;
    world.server.cut();
    await world.pass(1000);
    expect(first?.election.role).toBe("doubtful");
    expect(first?.election.check()).toBeUndefined();
    world.server.isUnwilling = false;
    await world.untilTrue(() => first?.election.role === "leading");
    expect(first?.election.ownPath).toBe(path);
    expect(first?.roles).toEqual(["leading", "doubtful", "leading"]);
    expect(leaders(candidates)).toEqual([0]);
  });

  test("has each candidate once, although the answer to its create is lost", async () => {
    const world = new ClientWorld();
    await world.start(...ADDRESSES);
    world.server.change("/e", utf8(""));
    let losses = 1;
    world.server.losesReply = ({ op }) => op === "create2" && losses-- > 0;
    const candidate = stand(world, "x", false);
    await world.untilTrue(() => candidate.election.role === "leading");
    expect(world.server.children("/e")).toHaveLength(1);
  });

  test("is left by a leader whose node somebody deleted", async () => {
    const [world, candidates] = await worldOf(2);
    world.server.change(candidates[0]?.election.ownPath ?? "", undefined);
    await world.untilTrue(() => candidates[1]?.election.role === "leading");
    await world.untilTrue(() => candidates[0]?.election.role === "waiting");
    expect(candidates[0]?.roles).toEqual(["leading", "doubtful", "waiting"]);
  });

  test("ends for a candidate whose session is over for good", async () => {
    const [world, [only]] = await worldOf(1, false);
    world.server.expire(only?.client.sessionId ?? 0n);
    await world.untilTrue(() => only?.election.role === "ended");
    await world.until(only?.election.stop() ?? Promise.reject());
  });

  test("lets only the leader's transactions through", async () => {
    const [world, candidates] = await worldOf(2);
    const [first] = candidates;
    const check = first?.election.check();
    world.server.expire(first?.client.sessionId ?? 0n);
    await world.untilTrue(() => candidates[1]?.election.role === "leading");
    const late = world
      .client()
      .multi([
        check ?? { type: "check", path: "/", version: 0 },
        { type: "setData", path: "/e", data: utf8("late"), version: -1 },
      ]);
    await expect(world.until(late)).rejects.toMatchObject({ code: "NONODE" });
  });
});
