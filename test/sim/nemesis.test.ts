import { describe, expect, test } from "vitest";
import { peerName } from "../../cluster/base/ids.ts";
import { createPrng } from "../../cluster/base/prng.ts";
import { SimDisk } from "./disk.ts";
import { NO_DISK_FAULTS } from "./disk-faults.ts";
import { NO_NETWORK_FAULTS } from "./lane.ts";
import { type Breakable, Nemesis } from "./nemesis.ts";
import type { Victim } from "./process.ts";
import { Scheduler } from "./scheduler.ts";
import { STRIKES, type Strike, type SwarmConfig } from "./swarm.ts";
import { Trace } from "./trace.ts";

const FAULTY_MS = 60_000;
const OSDS = ["osd.0", "osd.1", "osd.2"];

/** Runs one nemesis against victims that only write down what is done to them. */
async function strikesOf(strikes: readonly Strike[], seed: number, names = OSDS) {
  const scheduler = new Scheduler();
  const done: string[] = [];
  const note = (what: string) => {
    done.push(what);
  };
  const network: Breakable = {
    partition: (groups, mode) => note(`partition ${mode} ${groups.map((g) => g.length).join("+")}`),
    heal: () => note("heal"),
    clog: () => note("clog"),
    reset: () => note("reset"),
    setFaults: (faults) => note(faults === NO_NETWORK_FAULTS ? "quiet network" : "faulty network"),
  };
  const victims = names.map((text): Victim => {
    const name = peerName(text);
    const disk = new SimDisk({
      scheduler,
      prng: createPrng(seed),
      faults: { ...NO_DISK_FAULTS, syncErrorChance: 1 },
      trace: new Trace({ sink: (line) => note(line.replace(/.*fault +/, "")) }),
      name,
    });
    return {
      name,
      disk,
      isRunning: true,
      start: () => note(`start ${name}`),
      crash: (notice) => note(`crash ${notice}`),
      stop: () => note("stop"),
      resume: () => note(`resume ${name}`),
      jumpWall: (offsetMs) => note(`wall ${Math.sign(offsetMs)}`),
    };
  });
  const config: SwarmConfig = {
    faults: new Set(strikes),
    network: { ...NO_NETWORK_FAULTS, lossChance: 0.5 },
    disk: NO_DISK_FAULTS,
    driftPpmMax: 0,
    intervalMs: new Map(strikes.map((strike) => [strike, 500])),
    faultyMs: FAULTY_MS,
  };
  const nemesis = new Nemesis({
    scheduler,
    prng: createPrng(seed),
    config,
    victims,
    networks: [network],
  });
  nemesis.start();
  await scheduler.run(() => false, FAULTY_MS);
  const struck = done.splice(0);
  nemesis.heal();
  const healing = done.splice(0);
  await scheduler.run(() => false, 2 * FAULTY_MS);
  return { struck, healing, after: done, victims };
}

describe("the nemesis", () => {
  test.each<{ strike: Strike; does: string[] }>([
    { strike: "crash", does: ["crash reset", "crash silence", "start osd.1"] },
    { strike: "pause", does: ["stop", "resume osd.0"] },
    {
      strike: "partition",
      does: ["partition symmetric 1+2", "partition one-way 2+1", "heal"],
    },
    { strike: "clog", does: ["clog"] },
    { strike: "reset", does: ["reset"] },
    { strike: "full-disk", does: ["disk full", "disk has room"] },
    { strike: "wall-jump", does: ["wall 1", "wall -1"] },
  ])("does what $strike says, again and again", async ({ strike, does }) => {
    const { struck } = await strikesOf([strike], 1);
    for (const what of does) expect(struck).toContain(what);
    expect(struck.length).toBeGreaterThan(20);
  });

  test("parts some from others, always, and one alone from nobody", async () => {
    const cutsOf = async (names: string[]): Promise<Set<string | undefined>> => {
      const { struck } = await strikesOf(["partition"], 1, names);
      return new Set(struck.map((what) => what.split(" ")[2]).filter(Boolean));
    };
    expect(await cutsOf(OSDS)).toEqual(new Set(["1+2", "2+1"]));
    expect(await cutsOf(["osd.0", "osd.1"])).toEqual(new Set(["1+1"]));
    expect(await cutsOf(["osd.0"])).toEqual(new Set());
  });

  test("does nothing that is not configured", async () => {
    expect((await strikesOf([], 1)).struck).toEqual([]);
    const { struck } = await strikesOf(["reset"], 1);
    expect(new Set(struck)).toEqual(new Set(["reset"]));
  });

  test("heals every network, disk and process, and strikes no more", async () => {
    const { healing, after, victims } = await strikesOf(STRIKES, 3);
    expect(healing).toContain("heal");
    expect(healing).toContain("quiet network");
    for (const { name, disk } of victims) {
      expect(healing).toContain(`resume ${name}`);
      expect(healing).toContain(`start ${name}`);
      expect(disk.isFull).toBe(false);
      expect(disk.faults).toBe(NO_DISK_FAULTS);
    }
    expect(after).toEqual([]);
  });

  test("strikes at the same moments for the same seed", async () => {
    const { struck } = await strikesOf(STRIKES, 4);
    expect((await strikesOf(STRIKES, 4)).struck).toEqual(struck);
    expect((await strikesOf(STRIKES, 5)).struck).not.toEqual(struck);
  });
});
