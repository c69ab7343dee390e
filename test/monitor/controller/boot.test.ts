/** C5 and C6 at boot, flapping, and what a boot gives. */
import { describe, expect, test } from "vitest";
import { epoch, osdId } from "../../../cluster/base/ids.ts";
import { NEW_OSD, type OsdInfo } from "../../../cluster/map/osd-info.ts";
import { bucketOf } from "../../../crush/types.ts";
import { bootRequested } from "../../../monitor/controller/boot.ts";
import { withOsds } from "../../../monitor/controller/osd-rows.ts";
import { MembershipRun } from "./membership-run.ts";

const UUID = "11111111-1111-4111-8111-111111111111";
const HALF = 0x8000;

function runWith(osd0: Partial<OsdInfo>, weight = 0x10000): MembershipRun {
  return new MembershipRun({
    world: { osd: (osd) => (osd === 0 ? { ...osd0, weight } : {}) },
  });
}

const DOWN = { up: false, downAt: epoch(1) };

describe("a boot is refused", () => {
  const cases: readonly (readonly [string, Partial<OsdInfo>, object, string, RegExp])[] = [
    ["of a foreign store", DOWN, { uuid: UUID }, "MISMATCH", /kelp osd destroy 0/],
    ["of a foreign store, while its own is up", {}, { uuid: UUID }, "MISMATCH", /osd destroy/],
    [
      "of another OSD's store under a free id",
      { ...DOWN, uuid: "", destroyed: true },
      { uuid: "00000000-0000-4000-8000-000000000007" },
      "MISMATCH",
      /is that of osd\.7/,
    ],
    ["with a newer map than there is", DOWN, { epoch: epoch(9) }, "MISMATCH", /another cluster/],
    ["with a clean end in times to come", DOWN, { cleanTo: epoch(9) }, "INVALID", /0 to 9/],
    ["with a clean end before its start", DOWN, { cleanFrom: epoch(1) }, "INVALID", /1 to 0/],
    ["without a uuid", DOWN, { uuid: "" }, "INVALID", /uuid/],
    ["without an address", DOWN, { address: "" }, "INVALID", /address/],
    ["with a host that CRUSH cannot name", DOWN, { host: "a b" }, "INVALID", /"a b" is not a host/],
    ["with a device class that it cannot", DOWN, { deviceClass: "s/d" }, "INVALID", /class/],
    ["with a version that is too long", DOWN, { version: "1".repeat(256) }, "INVALID", /version/],
  ];
  for (const [name, osd0, given, code, message] of cases) {
    test(`${name}, and nothing changes`, () => {
      const run = runWith(osd0);
      const before = run.map;
      expect(run.boot(0, given)).toMatchObject({ type: "refused", code });
      expect(run.map).toBe(before);
      expect(run.boot(0, given)).toMatchObject({ message: expect.stringMatching(message) });
    });
  }

  test("under an id that there is not", () => {
    const run = new MembershipRun();
    const result = run.boot(0, { osd: osdId(99) });
    expect(result).toMatchObject({ type: "refused", code: "NOT_FOUND" });
  });

  test("of one that has no place in CRUSH and cannot get one", () => {
    const run = new MembershipRun({ world: { osd: (osd) => (osd === 0 ? DOWN : {}) } });
    const osd = osdId(12);
    run.publish({
      ...run.map,
      osds: new Map(run.map.osds).set(osd, { ...NEW_OSD, uuid: UUID }),
      shares: new Map(run.map.shares).set(osd, { weight: 0, primaryAffinity: 0x10000 }),
    });
    const result = run.boot(12, { osd, host: "rack1" });
    expect(result).toMatchObject({ code: "INVALID", message: expect.stringMatching(/rack1/) });
    expect(run.boot(12, { osd, host: "host9" }).type).toBe("edit");
  });
});

describe("a boot gives", () => {
  test("what the process said, and a new interval of being up", () => {
    const run = runWith({ ...DOWN, cleanFrom: epoch(1), cleanTo: epoch(1) });
    const claims = { address: "[::1]:1", heartbeatAddress: "[::1]:2", host: "host0", version: "2" };
    const result = run.boot(0, { ...claims, nonce: 5 });
    expect(result).toMatchObject({ type: "edit", what: "boot osd.0 on host0" });
    expect(run.info(0)).toMatchObject({
      ...claims,
      nonce: 5,
      up: true,
      upFrom: 2,
      born: 1,
      upThru: 1,
      cleanFrom: 1,
      cleanTo: 1,
    });
  });

  test("its store and born where the id had none (C6)", () => {
    const run = runWith({ ...NEW_OSD, host: "host0" }, 0);
    run.boot(0, { uuid: UUID });
    expect(run.info(0)).toMatchObject({ uuid: UUID, born: 2, upFrom: 2, isNew: false });
  });

  test("born to a store that was only created", () => {
    const run = runWith({ ...NEW_OSD, uuid: UUID, host: "host0" }, 0);
    run.boot(0);
    expect(run.info(0)).toMatchObject({ uuid: UUID, born: 2 });
  });

  test("a destroyed id to another store, which has nothing of the old one", () => {
    const clean = { cleanFrom: epoch(1), cleanTo: epoch(1) };
    const run = runWith({ ...DOWN, ...clean, destroyed: true, uuid: "", upThru: epoch(1) }, 0);
    run.boot(0, { uuid: UUID });
    expect(run.info(0)).toMatchObject({ uuid: UUID, born: 2, destroyed: false, upThru: 0 });
    expect(run.info(0)).toMatchObject({ cleanFrom: 0, cleanTo: 0 });
    expect(run.out).toEqual([]);
  });

  test("the newer of two clean intervals", () => {
    const run = runWith({ ...DOWN, cleanFrom: epoch(0), cleanTo: epoch(1) });
    run.setFlags("noscrub");
    run.boot(0, { cleanFrom: epoch(1), cleanTo: epoch(2) });
    expect(run.info(0)).toMatchObject({ cleanFrom: 1, cleanTo: 2 });
  });

  const weights: readonly (readonly [string, Partial<OsdInfo>, number, boolean, number])[] = [
    ["a first boot comes in whole", { ...DOWN, isNew: true }, 0, false, 0x10000],
    ["a first boot under noin does not", { ...DOWN, isNew: true }, 0, true, 0],
    ["a first boot keeps what people gave it", { ...DOWN, isNew: true }, HALF, false, HALF],
    [
      "one marked out for being away gets its own",
      { ...DOWN, weightBeforeOut: HALF },
      0,
      false,
      HALF,
    ],
    ["and under noin does not", { ...DOWN, weightBeforeOut: HALF }, 0, true, 0],
    ["one that people marked out stays out", DOWN, 0, false, 0],
    ["one that people marked in since keeps that", { ...DOWN, weightBeforeOut: HALF }, 9, false, 9],
  ];
  for (const [name, osd0, weight, noin, expected] of weights) {
    test(`a weight: ${name}`, () => {
      const run = runWith(osd0, weight);
      if (noin) run.setFlags("noin");
      run.boot(0);
      expect(run.map.shares.get(osdId(0))?.weight).toBe(expected);
      const kept = noin ? osd0.weightBeforeOut : undefined;
      expect(run.info(0)).toMatchObject({ up: true, isNew: false, weightBeforeOut: kept });
    });
  }
});

describe("where it stands in CRUSH", () => {
  const hostOf = (run: MembershipRun): string | undefined => {
    const { crush } = run.map;
    const holder = crush.buckets.find((bucket) => bucket?.items.includes(0));
    return crush.itemNames.get(holder?.id ?? 0);
  };

  test("it stays where people put it", () => {
    const run = runWith({ ...DOWN, host: "elsewhere" });
    run.boot(0, { host: "elsewhere" });
    expect(hostOf(run)).toBe("host0");
  });

  test("it goes along with its disk to another host", () => {
    const run = runWith(DOWN);
    run.boot(0, { host: "host5" });
    expect(hostOf(run)).toBe("host5");
    expect(run.info(0).host).toBe("host5");
  });

  test("it does not if that is turned off", () => {
    const run = runWith(DOWN);
    run.state.options = { ...run.state.options, crushUpdateOnStart: false };
    run.boot(0, { host: "host5" });
    expect(hostOf(run)).toBe("host0");
  });

  test("it boots from where it stood if it cannot go there", () => {
    const run = runWith(DOWN);
    expect(run.boot(0, { host: "rack1" }).type).toBe("edit");
    expect(hostOf(run)).toBe("host0");
  });

  test("a new host comes below the root", () => {
    const run = runWith(DOWN);
    run.boot(0, { host: "host77" });
    const { crush } = run.map;
    const root = crush.buckets.find((bucket) => crush.itemNames.get(bucket?.id ?? 0) === "default");
    const names = root?.items.map((item) => crush.itemNames.get(item));
    expect(names).toContain("host77");
    expect(bucketOf(crush, root?.id ?? 0)?.weight).toBe(12 * 0x10000);
  });
});

describe("C5: one epoch holds one state of an OSD", () => {
  test("an earlier incarnation goes down first, and the boot is asked again", () => {
    const run = new MembershipRun();
    const first = run.boot(0, { nonce: 5 });
    expect(first).toMatchObject({ type: "later", retryMs: undefined });
    expect(first).toMatchObject({ first: { what: "mark osd.0 down: it has started anew" } });
    expect(run.info(0)).toMatchObject({ up: false, nonce: 1000, downAt: 2 });
    expect(run.boot(0, { nonce: 5 }).type).toBe("edit");
    expect(run.info(0)).toMatchObject({ up: true, nonce: 5, upFrom: 3 });
  });

  test("also under nodown: the earlier one is gone for certain", () => {
    const run = new MembershipRun();
    run.setFlags("nodown");
    run.boot(0, { nonce: 5 });
    expect(run.down).toEqual([0]);
  });

  for (const change of [{ up: false }, { nonce: 4 }]) {
    test(`a draft that has ${JSON.stringify(change)} already takes no boot`, () => {
      const run = new MembershipRun();
      const draft = withOsds(run.map, [[osdId(0), change]]);
      const boot = run.bootMessage(0, { nonce: 5 });
      const result = bootRequested(run.state, { base: run.map, draft }, boot, run.nowMs);
      expect(result).toMatchObject({ type: "later", first: undefined });
    });
  }

  test("a boot that is up already changes nothing", () => {
    const run = new MembershipRun();
    run.takeDown(0);
    run.boot(0);
    const before = run.map;
    expect(run.boot(0)).toMatchObject({ type: "edit", map: before });
    expect(run.map).toBe(before);
  });

  test("a late boot of an earlier process does not push out the one that holds the session", () => {
    const run = new MembershipRun();
    expect(run.bootWithoutSession(0, { nonce: 5 })).toMatchObject({
      type: "later",
      first: undefined,
    });
    expect(run.down).toEqual([]);
    run.session(0, undefined);
    expect(run.bootWithoutSession(0, { nonce: 5 })).toMatchObject({ type: "later" });
    expect(run.down).toEqual([0]);
    expect(run.bootWithoutSession(0, { nonce: 5 }).type).toBe("edit");
  });

  test("one that was wrongly marked down comes back with its nonce", () => {
    const run = new MembershipRun();
    run.takeDown(0);
    expect(run.boot(0, { nonce: 1000, wasWronglyDown: true }).type).toBe("edit");
    expect(run.info(0)).toMatchObject({ up: true, nonce: 1000, upFrom: 3 });
  });
});

test("under noup nobody comes up, and the earlier incarnation is not taken down for it", () => {
  const run = runWith({});
  run.setFlags("noup");
  expect(run.boot(0)).toMatchObject({ type: "later", first: undefined });
  expect(run.down).toEqual([]);
  run.setFlags();
  run.boot(0);
  expect(run.boot(0).type).toBe("edit");
});

describe("flapping", () => {
  const flap = (run: MembershipRun, times: number): void => {
    for (let time = 0; time < times; time += 1) {
      run.boot(0, { nonce: 100 + time });
      run.boot(0, { nonce: 100 + time });
    }
  };

  test("the sixth down within ten minutes makes the boot wait, and says until when", () => {
    const run = new MembershipRun();
    flap(run, 5);
    expect(run.info(0)).toMatchObject({ up: true, nonce: 104 });
    run.boot(0, { nonce: 7 });
    expect(run.boot(0, { nonce: 7 })).toMatchObject({
      type: "later",
      first: undefined,
      retryMs: run.nowMs + 20_000,
    });
    run.nowMs += 19_999;
    expect(run.boot(0, { nonce: 7 }).type).toBe("later");
    run.nowMs += 1;
    expect(run.boot(0, { nonce: 7 }).type).toBe("edit");
  });

  test("the next wait is twice as long; a process that was stopped waits on", () => {
    const run = new MembershipRun();
    flap(run, 6);
    run.nowMs += 20_000;
    run.boot(0, { nonce: 8 });
    run.boot(0, { nonce: 9 });
    run.stall(5_000);
    expect(run.boot(0, { nonce: 9 })).toMatchObject({ retryMs: run.nowMs + 40_000 });
  });
});
