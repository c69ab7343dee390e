/**
 * The rules that whole monitors keep, each with the run of events that goes wrong without it: with the rule's switch
 * off, the same events end badly.
 */
import { describe, expect, test } from "vitest";
import { present } from "../../../cluster/base/assert.ts";
import { utf8 } from "../../../cluster/base/bytes.ts";
import { peerName } from "../../../cluster/base/ids.ts";
import { nameOf } from "../../../monitor/monitor.ts";
import { MIN_SESSION_TIMEOUT_MS, type Rules } from "./member.ts";
import { Stage } from "./stage.ts";

const SEQUENTIAL = { mode: "PERSISTENT_SEQUENTIAL" } as const;

/** Leader and followers of a fresh ensemble. */
async function formed(
  size: number,
  rules: Rules,
  minSessionTimeoutMs?: number,
): Promise<{ stage: Stage; leader: number; followers: readonly number[] }> {
  const stage = await Stage.formed(size, {
    rules,
    ...(minSessionTimeoutMs !== undefined && { minSessionTimeoutMs }),
  });
  const [leader, ...followers] = stage.byRole();
  return { stage, leader: present(leader, "a leader"), followers };
}

function two(followers: readonly number[]): [number, number] {
  return [present(followers[0], "a follower"), present(followers[1], "another")];
}

describe("M3: a write that fails takes a zxid, too", () => {
  async function distance(rules: Rules): Promise<number> {
    const { stage, followers } = await formed(3, rules);
    const { client } = await stage.client("client.1", followers);
    const before = await stage.settled(client.create("/before"));
    await stage.settled(client.delete("/none").catch(() => {}));
    const after = await stage.settled(client.create("/after"));
    return after.stat.czxid - before.stat.czxid;
  }

  test("kept", async () => {
    expect(await distance({})).toBe(2);
  });

  test("switched off, it takes none", async () => {
    expect(await distance({ zxidOfFailed: false })).toBe(1);
  });
});

describe("M4: what is forwarded to two leaders takes effect once", () => {
  /** The leader dies after a majority has the write, and before the follower that forwarded it knows. */
  async function childCount(rules: Rules): Promise<number> {
    const { stage, leader, followers } = await formed(3, rules);
    const [origin, heir] = two(followers);
    const { client } = await stage.client("client.1", [origin]);
    stage.lose(leader, origin);
    const create = client.create("/a", utf8("<once>"), SEQUENTIAL);
    const { log } = stage.member(heir).state.replica.consensus;
    const { last } = log;
    await stage.until(() => log.last > last);
    stage.lose(leader, heir);
    await stage.run(2);
    stage.process(leader).crash("reset");
    await stage.settled(create);
    await stage.run(500);
    const { children } = await stage.settled(client.getChildren("/"));
    expect(stage.violations.length > 0).toBe(rules.applyOnce === false);
    return children.filter((name) => name.startsWith("a")).length;
  }

  test("kept", async () => {
    expect(await childCount({})).toBe(1);
  });

  test("switched off, a sequential node is made twice", async () => {
    expect(await childCount({ applyOnce: false })).toBe(2);
  });
});

describe("M4: what was forwarded and got lost is forwarded again", () => {
  async function outcome(rules: Rules): Promise<string> {
    const { stage, leader, followers } = await formed(3, rules);
    const [origin] = two(followers);
    const { client } = await stage.client("client.1", [origin], 6_000);
    stage.lose(origin, leader);
    const create = client.create("/a");
    await stage.run(20);
    stage.lose(origin, leader, false);
    return stage.settled(
      create.then(
        () => "done",
        () => "lost",
      ),
    );
  }

  test("kept", async () => {
    expect(await outcome({})).toBe("done");
  });

  test("switched off, its client waits until it gives the connection up", async () => {
    expect(await outcome({ resendOverdue: false })).toBe("lost");
  });
});

describe("M5: a member whose tree differs stops", () => {
  async function exits(rules: Rules): Promise<readonly string[]> {
    const { stage, followers } = await formed(3, rules);
    const [odd, other] = two(followers);
    stage.member(odd).state.machine.tree.counter += 7;
    const { client } = await stage.client("client.1", [other]);
    await stage.settled(client.create("/a"));
    await stage.run(500);
    return stage.exits;
  }

  test("kept", async () => {
    const { length, 0: first } = await exits({});
    expect(length).toBeGreaterThan(0);
    expect(first).toMatch(/differs from the leader's/);
  });

  test("switched off, it goes on", async () => {
    expect(await exits({ compareDigests: false })).toEqual([]);
  });
});

describe("M7: a member that is cut off is silent", () => {
  /** What a client of that member believes when its session has just ended, and another may have its lock. */
  async function belief(rules: Rules): Promise<string> {
    const { stage, leader, followers } = await formed(3, rules);
    const [cutOff, other] = two(followers);
    const { client } = await stage.client("client.1", [cutOff], MIN_SESSION_TIMEOUT_MS);
    await stage.settled(client.create("/lock", undefined, { mode: "EPHEMERAL" }));
    const { client: rival } = await stage.client("client.2", [other]);
    stage.network.partition([stage.names([cutOff]), stage.names([leader, other])], "symmetric");
    let isFree = false;
    await stage.settled(rival.exists("/lock", { watch: () => (isFree = true) }));
    await stage.until(() => isFree);
    return client.status;
  }

  test("kept", async () => {
    expect(await belief({})).toBe("disconnected");
  });

  test("switched off, two clients believe to hold the lock", async () => {
    expect(await belief({ cutOffIsSilent: false })).toBe("connected");
  });
});

describe("M8: a session whose client is heard does not end", () => {
  async function statusesAfterChange(rules: Rules): Promise<readonly string[]> {
    const { stage, leader, followers } = await formed(3, rules);
    const { client, statuses } = await stage.client("client.1", followers);
    await stage.run(300);
    stage.process(leader).crash("reset");
    await stage.run(6_000);
    expect(client.status).toBe(statuses.at(-1));
    return statuses;
  }

  test("with a new leader", async () => {
    const statuses = await statusesAfterChange({});
    expect(statuses).not.toContain("expired");
    expect(statuses.at(-1)).toBe("connected");
  });

  test("switched off, a new leader ends it", async () => {
    expect(await statusesAfterChange({ newLeaderWaits: false })).toContain("expired");
  });

  /**
   * The client is late, but in time. By then the leader hears nobody any more; what it proposes now is still accepted,
   * and its successor takes it up.
   */
  async function statusesAfterDeafness(rules: Rules): Promise<readonly string[]> {
    const { stage, leader, followers } = await formed(3, rules, 600);
    const [origin, other] = two(followers);
    const { client, statuses } = await stage.client("client.1", [origin, other], 1_000);
    const name = peerName("client.1");
    const server = nameOf(stage.serving(client, [origin, other]));
    stage.streams.clog(name, server, stage.scheduler.nowMs + 640);
    await stage.run(630);
    for (const follower of followers) stage.lose(follower, leader);
    await stage.run(1_000);
    for (const follower of followers) stage.lose(follower, leader, false);
    await stage.run(4_000);
    return statuses;
  }

  test("with a leader that hears nobody", async () => {
    expect(await statusesAfterDeafness({})).not.toContain("expired");
  });

  test("switched off, a leader that hears nobody ends it", async () => {
    expect(await statusesAfterDeafness({ expireConfirmed: false })).toContain("expired");
  });
});

describe("R6: a monitor that stood still ends no session for that", () => {
  async function statusesAfterPause(rules: Rules): Promise<readonly string[]> {
    const stage = await Stage.formed(1, { rules });
    const { statuses } = await stage.client("client.1", [1], MIN_SESSION_TIMEOUT_MS);
    await stage.run(1_000);
    stage.process(1).stop();
    await stage.run(4 * MIN_SESSION_TIMEOUT_MS);
    stage.process(1).resume();
    await stage.run(2 * MIN_SESSION_TIMEOUT_MS);
    return statuses;
  }

  test("kept", async () => {
    const statuses = await statusesAfterPause({});
    expect(statuses).not.toContain("expired");
    expect(statuses.at(-1)).toBe("connected");
  });

  test("switched off, it ends them all", async () => {
    expect(await statusesAfterPause({ forgiveLateness: false })).toContain("expired");
  });
});

describe("M9: after a sync a client reads what was acknowledged before it", () => {
  /** The leader and a follower are cut off, and do not know it yet; the others have another leader. */
  async function readBehind(rules: Rules): Promise<string> {
    const { stage, leader, followers } = await formed(5, rules);
    const [behind, ...others] = followers;
    const deposed = [leader, present(behind, "a follower")];
    const { client: reader } = await stage.client("client.1", deposed.slice(1));
    const { client: writer } = await stage.client("client.2", others);
    await stage.settled(writer.create("/a", utf8("old")));
    stage.network.partition([stage.names(deposed), stage.names(others)], "symmetric");
    for (const left of stage.names(deposed)) {
      for (const right of stage.names(others)) stage.network.reset(left, right);
    }
    await stage.settled(persist(() => writer.setData("/a", utf8("new"))));
    expect(reader.status).toBe("connected");
    const reads = Promise.all([reader.sync("/a"), reader.getData("/a")]);
    return stage.settled(
      reads.then(
        ([, { data }]) => Buffer.from(data).toString(),
        () => "no answer",
      ),
    );
  }

  async function persist<T>(write: () => Promise<T>): Promise<T> {
    for (;;) {
      const answer = await write().catch(() => undefined);
      if (answer !== undefined) return answer;
    }
  }

  test("kept", async () => {
    expect(await readBehind({})).toBe("no answer");
  });

  test("switched off, it reads what was there before", async () => {
    expect(await readBehind({ syncConfirmed: false })).toBe("old");
  });
});
