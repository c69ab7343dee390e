import { expect, test } from "vitest";
import { monitorValues } from "../../../monitor/zookeeper/word-monitor.ts";
import { OPEN_ACL, ServerWorld } from "./server-world.ts";
import { askWord, ENSEMBLE, facts } from "./words-world.ts";

test("mntr is a line per value, under ZooKeeper's names", () => {
  const world = new ServerWorld();
  const client = world.session();
  client.ask("create", { path: "/e", data: new Uint8Array(3), acl: OPEN_ACL, flags: 1 });
  world.nowMs += 8;
  world.commit();
  client.ask("getData", { path: "/e", watch: true });
  client.ask("create", { path: "/x", data: undefined, acl: OPEN_ACL, flags: 0 });
  const text = askWord(world, "mntr");
  const values = new Map(
    text
      .trimEnd()
      .split("\n")
      .map((line) => line.split("\t") as [string, string]),
  );
  expect(text.startsWith("zk_version\t3.8.0-kelp")).toBe(true);
  expect(Object.fromEntries(values)).toMatchObject({
    zk_server_state: "standalone",
    zk_ephemerals_count: "1",
    zk_num_alive_connections: "2",
    zk_avg_latency: "4.0",
    zk_min_latency: "0",
    zk_max_latency: "8",
    zk_outstanding_requests: "1",
    zk_znode_count: "6",
    zk_global_sessions: "1",
    zk_watch_count: "1",
    zk_packets_received: "5",
    zk_packets_sent: "3",
    zk_connection_rejected: "2",
    zk_open_file_descriptor_count: "30",
    zk_max_file_descriptor_count: "40",
    zk_uptime: "8",
    zk_cnt_readlatency: "1",
    zk_sum_updatelatency: "8",
    zk_avg_updatelatency: "8.0",
  });
  expect(values.has("zk_learners")).toBe(false);
});

test("a leader also tells of its followers, and members of their state", () => {
  const world = new ServerWorld();
  const leader = {
    sinceMs: 400,
    followerCount: 2,
    syncedFollowerCount: 1,
    pendingSyncCount: 3,
    deadlines: [],
    proposalSizes: { last: 1, min: 1, max: 2 },
  };
  const given = facts({ mode: "leader", leader }, ...ENSEMBLE);
  const values = Object.fromEntries(monitorValues(world.server, { facts: given, nowMs: 1000 }));
  expect(values).toMatchObject({
    peer_state: "leading - broadcast",
    quorum_size: 3,
    learners: 2,
    synced_followers: 1,
    pending_syncs: 3,
    leader_uptime: 600,
  });
  const follower = facts({ mode: "follower" }, ...ENSEMBLE);
  expect(
    Object.fromEntries(monitorValues(world.server, { facts: follower, nowMs: 1000 })),
  ).toMatchObject({ peer_state: "following - broadcast" });
});
