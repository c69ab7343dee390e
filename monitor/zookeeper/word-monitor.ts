/**
 * `mntr`: names and values for monitoring, under the names of ZooKeeper 3.8. Only what is measured
 * here is printed; a name that would always be zero says nothing.
 */
import { javaDouble } from "./java-text.ts";
import { averageMs, type Latency } from "./latency.ts";
import type { ServerState } from "./server-state.ts";
import type { WordFacts } from "./word-facts.ts";

export type MonitorValue = readonly [name: string, value: string | number];

export function monitorValues(
  state: ServerState,
  { facts, nowMs }: { readonly facts: WordFacts; readonly nowMs: number },
): MonitorValue[] {
  const { counts, tree, watches } = state;
  return [
    ["version", facts.version],
    ["server_state", facts.mode],
    ...peerState(facts),
    ["ephemerals_count", tree.ephemeralCount],
    ["num_alive_connections", state.clients.size],
    ["avg_latency", javaDouble(averageMs(counts.latency))],
    ["min_latency", Math.floor(counts.latency.minMs)],
    ["max_latency", Math.floor(counts.latency.maxMs)],
    ["outstanding_requests", state.outstanding],
    ["znode_count", nodeCount(state)],
    ["approximate_data_size", tree.dataSize],
    ["global_sessions", tree.sessions.count],
    ["local_sessions", 0],
    ["watch_count", watches.size],
    ["packets_sent", counts.sent],
    ["packets_received", counts.received],
    ["bytes_received_count", counts.receivedBytes],
    ["watch_bytes", counts.eventBytes],
    ["auth_failed_count", counts.authFailed],
    ["connection_request_count", counts.connectRequests],
    ["connection_revalidate_count", counts.reattached],
    ["connection_rejected", facts.rejectedCount],
    ["commit_count", counts.applied],
    ["max_file_descriptor_count", facts.openFileCountMax],
    ["open_file_descriptor_count", facts.openFileCount],
    ["uptime", Math.floor(nowMs - counts.sinceMs)],
    ...summary("readlatency", counts.readLatency),
    ...summary("updatelatency", counts.writeLatency),
    ...leaderValues(facts, nowMs),
  ];
}

/** ZooKeeper knows its root by two names and counts both. */
export function nodeCount({ tree }: ServerState): number {
  return tree.znodes.count + 1;
}

function peerState({ mode, cfg }: WordFacts): MonitorValue[] {
  if (mode === "standalone") return [];
  const what = mode === "leader" ? "leading" : "following";
  return [
    ["peer_state", `${what} - broadcast`],
    ["quorum_size", cfg.servers.length],
  ];
}

function summary(name: string, latency: Latency): MonitorValue[] {
  return [
    [`avg_${name}`, javaDouble(averageMs(latency))],
    [`min_${name}`, Math.floor(latency.minMs)],
    [`max_${name}`, Math.floor(latency.maxMs)],
    [`cnt_${name}`, latency.count],
    [`sum_${name}`, Math.floor(latency.totalMs)],
  ];
}

function leaderValues({ leader, mode }: WordFacts, nowMs: number): MonitorValue[] {
  if (leader === undefined || mode === "standalone") return [];
  return [
    ["learners", leader.followerCount],
    ["synced_followers", leader.syncedFollowerCount],
    ["synced_observers", 0],
    ["synced_non_voting_followers", 0],
    ["pending_syncs", leader.pendingSyncCount],
    ["leader_uptime", Math.floor(nowMs - leader.sinceMs)],
    ["last_proposal_size", leader.proposalSizes.last],
    ["min_proposal_size", leader.proposalSizes.min],
    ["max_proposal_size", leader.proposalSizes.max],
  ];
}
