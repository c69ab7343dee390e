import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createConsensus } from "../../monitor/consensus/state.ts";
import { Facts } from "../../monitor/facts.ts";
import { createMonitor } from "../../monitor/monitor-core.ts";
import type { MonitorState } from "../../monitor/monitor-state.ts";
import { createReplica } from "../../monitor/replica/replica.ts";
import { DEFAULT_SETTINGS } from "../../monitor/tree/settings.ts";
import { TreeMachine } from "../../monitor/tree-machine.ts";
import { createServer } from "../../monitor/zookeeper/server-state.ts";
import { SessionTracker } from "../../monitor/zookeeper/session-tracker.ts";
import { parseZooCfg } from "../../monitor/zookeeper/zoo-cfg.ts";

function monitor(members: readonly number[]): MonitorState {
  const machine = new TreeMachine({});
  const consensus = createConsensus({
    self: 1,
    members,
    life: 10,
    seed: 20,
    freshEnsemble: 30,
    recovered: { identity: undefined, promise: undefined, entries: [], applied: 0 },
    nowMs: 0,
  });
  const replica = createReplica({
    consensus,
    machine,
    generation: 0,
    nextGeneration: 1,
    wallOffsetMs: 0,
    nowMs: 0,
  });
  const options = {
    server: 1,
    tree: machine.tree,
    minSessionTimeoutMs: 4_000,
    maxSessionTimeoutMs: 40_000,
    wordsWhitelist: new Set(["*"]),
  };
  return createMonitor({
    replica,
    machine,
    server: createServer(options, 0),
    tracker: new SessionTracker(),
    settings: DEFAULT_SETTINGS,
    quietMs: 1_000,
    reapIntervalMs: 60_000,
    syncSeed: 1,
    nowMs: 0,
  });
}

/** As if it had just become the leader of that round, with these followers. */
function lead(state: MonitorState, round: number, matches: readonly number[]): void {
  const followers = matches.map((match, index) => {
    const progress = {
      match,
      next: match + 1,
      movedMs: 0,
      resendMs: 300,
      rewoundMs: 0,
      rewoundTo: 0,
      toldCommit: 0,
      echoMs: 0,
    };
    return [index + 2, progress] as const;
  });
  state.replica.consensus.role = {
    type: "leader",
    round,
    judgedFromMs: 0,
    durableTo: 0,
    followers: new Map(followers),
    sequence: 0,
    heartbeats: [],
    heartbeatDueMs: 0,
    confirmedSequence: 0,
    backedAtMs: 0,
  };
  state.ledEpoch = round;
}

describe("what is told of a monitor", () => {
  let directory: string;
  let nowMs: number;
  beforeEach(async () => {
    nowMs = 1_000;
    directory = await mkdtemp(join(tmpdir(), "kelp-facts-"));
  });
  afterEach(() => rm(directory, { recursive: true }));

  function facts(state: MonitorState): Facts {
    const text = `dataDir=/nowhere\nkelp.dataDir=${directory}\nclientPort=2181`;
    return new Facts({
      state,
      cfg: parseZooCfg({ path: "zoo.cfg", text }),
      memberId: 1,
      client: { host: "0.0.0.0", port: 2181 },
      version: "1.2.3",
      clock: { nowMs: () => nowMs, wallMs: () => 1_700_000_000_000 + nowMs },
      openFilesMax: 1_024,
      rejectedCount: () => 7,
    });
  }

  test("its version begins with the one of ZooKeeper that clients find here", () => {
    expect(facts(monitor([1])).now()).toMatchObject({
      version: expect.stringMatching(/^3\.8\.0-kelp-1\.2\.3, built on /),
      memberId: 1,
      openFileCountMax: 1_024,
      rejectedCount: 7,
      wallMs: 1_700_000_001_000,
    });
  });

  test("its mode is alone, leader or follower", () => {
    expect(facts(monitor([1])).now().mode).toBe("standalone");
    const state = monitor([1, 2, 3]);
    expect(facts(state).now()).toMatchObject({ mode: "follower", leader: undefined });
    lead(state, 4, [0, 0]);
    expect(facts(state).now().mode).toBe("leader");
  });

  test("a leader counts who has heard of it and who has everything", () => {
    const state = monitor([1, 2, 3]);
    state.replica.consensus.log.put(1, { round: 4, value: new Uint8Array(10) });
    lead(state, 4, [1, 0]);
    expect(facts(state).now().leader).toMatchObject({ followerCount: 1, syncedFollowerCount: 1 });
  });

  test("the time of leading begins anew with each round", () => {
    const state = monitor([1, 2, 3]);
    const told = facts(state);
    lead(state, 4, []);
    expect(told.now().leader?.sinceMs).toBe(1_000);
    nowMs = 2_000;
    expect(told.now().leader?.sinceMs).toBe(1_000);
    lead(state, 5, []);
    expect(told.now().leader?.sinceMs).toBe(2_000);
  });

  test("sizes on disk and open files are looked up now and then", async () => {
    await writeFile(join(directory, "file"), "12345");
    const told = facts(monitor([1]));
    expect(told.now().dataBytes).toBe(0);
    await expect.poll(() => told.now().dataBytes).toBe(5);
    expect(told.now().openFileCount).toBeGreaterThan(0);
    await writeFile(join(directory, "file"), "1234567");
    expect(told.now().dataBytes).toBe(5);
    nowMs += 2_001;
    await expect.poll(() => told.now().dataBytes).toBe(7);
  });

  test("a directory that is not there yet has no size", async () => {
    const told = facts(monitor([1]));
    await rm(directory, { recursive: true });
    told.now();
    await expect.poll(() => told.now().openFileCount).toBeGreaterThan(0);
    expect(told.now().dataBytes).toBe(0);
    await mkdir(directory);
  });
});
