import { describe, expect, test } from "vitest";
import { present } from "../../../cluster/base/assert.ts";
import { epoch, osdId, poolId } from "../../../cluster/base/ids.ts";
import { REQUESTS_PER_EPOCH_MAX } from "../../../cluster/map/epoch-record.ts";
import { EMPTY_MAP } from "../../../cluster/map/osd-map-delta.ts";
import { placementOf } from "../../../cluster/map/osd-map-placement.ts";
import type { UpmapChanges } from "../../../cluster/map/upmap-changes.ts";
import { ALL_RULES } from "../../../monitor/controller/controller-state.ts";
import { ControllerDesk, done, MAP, OPERATOR, SETTINGS } from "./controller-desk.ts";

const NOOUT = { type: "flagSet", flags: ["noout"] } as const;
const NOSCRUB = { type: "flagSet", flags: ["noscrub"] } as const;
const UNSET = { type: "flagUnset", flags: ["noout"] } as const;

describe("whoever asks for a change", () => {
  test("is answered when the epoch with it is published, and not before", () => {
    const desk = new ControllerDesk();
    const call = desk.order(NOOUT);
    desk.pass(10_000);
    expect(desk.wanted("publish")).toMatchObject([{ map: { epoch: 2 } }]);
    expect(desk.answerTo(call)).toBeUndefined();
    desk.confirm();
    expect(desk.answerTo(call)).toEqual({ ...done(2), text: "set noout" });
    expect(desk.map.flags).toEqual(new Set(["noout"]));
  });

  test("is answered at once if it is refused, whatever is under way", () => {
    const desk = new ControllerDesk();
    desk.order(NOOUT);
    desk.gather();
    const call = desk.order({ type: "osdOut", osds: [osdId(99)] });
    expect(desk.answerTo(call)).toMatchObject({ type: "refused", code: "NOT_FOUND" });
  });

  test("is answered at once if all was so already and nothing is under way", () => {
    const desk = new ControllerDesk();
    expect(desk.answerTo(desk.order(UNSET))).toMatchObject(done(1));
  });

  test("waits for what is under way if that made it so", () => {
    const desk = new ControllerDesk();
    desk.order(NOOUT);
    desk.gather();
    const call = desk.order(NOOUT);
    expect(desk.answerTo(call)).toBeUndefined();
    desk.confirm();
    expect(desk.answerTo(call)).toMatchObject(done(2));
  });

  test("with others within a moment gets one epoch together with them", () => {
    const desk = new ControllerDesk();
    const calls = [desk.order(NOOUT), desk.order(NOSCRUB), desk.down(3)];
    expect(desk.wanted("publish")).toEqual([]);
    expect(desk.wanted("wake")).toHaveLength(1);
    desk.gather();
    desk.confirm();
    for (const call of calls) expect(desk.answerTo(call)).toMatchObject(done(2));
    const [{ record } = {}] = desk.wanted("publish");
    expect(record?.causes).toEqual([
      { author: "ops", what: "set noout" },
      { author: "ops", what: "set noscrub" },
      { author: "ops", what: "mark osd.3 down" },
    ]);
    expect(record?.requests).toEqual(["r1", "r2", "r3"]);
  });

  test("while an epoch is in flight is in the next one", () => {
    const desk = new ControllerDesk();
    desk.order(NOOUT);
    desk.gather();
    const call = desk.order(NOSCRUB);
    desk.gather();
    expect(desk.wanted("publish")).toHaveLength(1);
    desk.confirm();
    desk.gather();
    expect(desk.wanted("publish").map(({ map }) => map.epoch)).toEqual([2, 3]);
    expect(desk.answerTo(call)).toBeUndefined();
    desk.confirm();
    expect(desk.answerTo(call)).toMatchObject(done(3));
  });

  test("and takes it back within the same moment makes no epoch", () => {
    const desk = new ControllerDesk();
    const calls = [desk.order(NOOUT), desk.order(UNSET)];
    expect(desk.settle()).toBe(0);
    for (const call of calls) expect(desk.answerTo(call)).toMatchObject(done(1));
  });

  test("is told to come later where an epoch is full, until that is in flight", () => {
    const desk = new ControllerDesk();
    desk.order(NOSCRUB);
    desk.gather();
    const flip = (index: number) => (index % 2 === 0 ? NOOUT : UNSET);
    const calls = Array.from({ length: REQUESTS_PER_EPOCH_MAX + 1 }, (_, at) =>
      desk.order(flip(at)),
    );
    const last = calls.at(-1) ?? 0;
    expect(desk.answerTo(last)).toMatchObject({ type: "refused", code: "LATER" });
    const others = calls.slice(0, -1);
    expect(others.every((call) => desk.answerTo(call) === undefined)).toBe(true);
    desk.confirm();
    desk.settle();
    expect(others.every((call) => desk.answerTo(call)?.type === "commandDone")).toBe(true);
  });

  test("of nothing that a controller knows is refused", () => {
    const desk = new ControllerDesk();
    const call = desk.ask("osd.1", { type: "probed", nonce: 1, records: [] });
    expect(desk.answerTo(call)).toMatchObject({
      type: "refused",
      message: "a controller does not answer probed",
    });
  });
});

describe("a deposed controller", () => {
  test("answers that it is none, to everybody who waits, and publishes nothing more", () => {
    const desk = new ControllerDesk();
    const inFlight = desk.order(NOOUT);
    desk.gather();
    const drafted = desk.order(NOSCRUB);
    const relying = desk.order(NOOUT);
    const booting = desk.boot(99 % 12, { nonce: 7_777 });
    desk.step({ type: "deposed" });
    for (const call of [inFlight, drafted, relying, booting]) {
      expect(desk.answerTo(call)).toEqual({ type: "notController" });
    }
    desk.pass(60_000);
    desk.step({ type: "woken" });
    desk.step({ type: "balanced", base: MAP, changes: undefined });
    expect(desk.wanted("publish")).toHaveLength(1);
    expect(desk.answerTo(desk.order(NOOUT))).toEqual({ type: "notController" });
    expect(desk.answerTo(desk.ask(OPERATOR, { type: "askHealth" }))).toEqual({
      type: "notController",
    });
  });

  test("tells nobody of what it did not get published", () => {
    const desk = new ControllerDesk();
    desk.order(NOOUT);
    desk.gather();
    desk.step({ type: "deposed" });
    expect(desk.events).toEqual([expect.stringContaining(" leads; health is ")]);
  });

  test("begins its next term with nothing", () => {
    const desk = new ControllerDesk();
    desk.order(NOOUT);
    desk.gather();
    desk.order(NOSCRUB);
    desk.step({ type: "deposed" });
    desk.elect();
    expect(desk.settle()).toBe(0);
    expect(desk.map.flags).toEqual(new Set());
    expect(desk.answerTo(desk.order(NOOUT))).toBeUndefined();
    desk.settle();
    expect(desk.map.flags).toEqual(new Set(["noout"]));
  });

  test("is not confused by what the term before had begun", () => {
    const desk = new ControllerDesk();
    desk.step({ type: "deposed" });
    desk.elect();
    desk.step({ type: "probed", osd: osdId(3), result: "refused" });
    desk.step({ type: "balanced", base: EMPTY_MAP, changes: undefined });
    desk.step({ type: "woken" });
    expect(desk.settle()).toBe(0);
  });
});

describe("an election", () => {
  test("of a new cluster begins it with a root and a rule", () => {
    const desk = new ControllerDesk({ elected: { map: EMPTY_MAP, oldest: epoch(0) } });
    expect(desk.settle()).toBe(1);
    expect(desk.events).toEqual([expect.stringContaining(" leads;"), "begin the cluster"]);
    expect(desk.map.crush.rules).toHaveLength(1);
  });

  test("of any other changes nothing", () => {
    const desk = new ControllerDesk();
    expect(desk.settle()).toBe(0);
  });

  test("cannot come twice", () => {
    const desk = new ControllerDesk();
    expect(() => desk.elect()).toThrow("a term ends before the next begins");
  });
});

describe("a request that is repeated", () => {
  test("while it is in flight, or in the draft, waits with the first and is done once", () => {
    const desk = new ControllerDesk();
    const first = desk.down(3);
    const inDraft = desk.order({ type: "osdDown", osds: [osdId(3)] }, "r1");
    desk.gather();
    const inFlight = desk.order({ type: "osdDown", osds: [osdId(3)] }, "r1");
    expect([inDraft, inFlight].map((call) => desk.answerTo(call))).toEqual([undefined, undefined]);
    desk.confirm();
    expect(desk.answerTo(first)).toMatchObject(done(2));
    for (const call of [inDraft, inFlight]) {
      expect(desk.answerTo(call)).toEqual({ ...done(2), text: "was done before, in epoch 2" });
    }
    expect(desk.settle()).toBe(0);
  });

  test("later, or at a controller that has it from the history, is answered with its epoch", () => {
    const desk = new ControllerDesk();
    desk.order(NOOUT, "mine");
    desk.settle();
    desk.order(UNSET);
    desk.settle();
    expect(desk.answerTo(desk.order(NOOUT, "mine"))).toMatchObject(done(2));
    const next = new ControllerDesk({
      elected: { map: desk.map, requests: [{ ids: ["mine"], epoch: epoch(2) }] },
    });
    expect(next.answerTo(next.order(NOOUT, "mine"))).toMatchObject(done(2));
    expect([desk.map.flags.size, next.map.flags.size]).toEqual([0, 0]);
  });

  test("after it was refused is judged anew", () => {
    const desk = new ControllerDesk();
    const create = { type: "osdNew", uuid: "u", osd: osdId(3) } as const;
    expect(desk.answerTo(desk.order(create, "mine"))).toMatchObject({ type: "refused" });
    desk.order({ type: "flagSet", flags: ["noup"] }, "mine");
    expect(desk.settle()).toBe(1);
  });
});

describe("what was just done can be undone", () => {
  test("by its epoch, and only in the term that did it", () => {
    const desk = new ControllerDesk();
    desk.order(NOOUT);
    desk.settle();
    const undo = { type: "undo", epoch: epoch(2) } as const;
    const call = desk.order(undo);
    desk.settle();
    expect(desk.answerTo(call)).toMatchObject({ ...done(3), text: "undo epoch 2" });
    expect(desk.map.flags.size).toBe(0);
    const next = new ControllerDesk({ elected: { map: desk.map } });
    expect(next.answerTo(next.order(undo))).toMatchObject({ type: "refused", code: "NOT_FOUND" });
  });
});

describe("settings", () => {
  test("that change are in force from then on", () => {
    const desk = new ControllerDesk();
    desk.step({
      type: "settingsChanged",
      settings: { ...SETTINGS, absenceInterval: 1_000_000, downOutInterval: 5_000 },
    });
    desk.down(3);
    desk.settle();
    desk.live(7_000);
    expect(desk.events).toContain("mark osd.3 out: down for 0.1 min");
  });

  test("that shorten the balancer's interval do not wait for the long one", () => {
    const desk = new ControllerDesk({ settings: { balancerInterval: 86_400_000 } });
    desk.everybodyReports();
    desk.live(10_000);
    expect(desk.wanted("balance")).toEqual([]);
    desk.step({ type: "settingsChanged", settings: { ...SETTINGS, balancerInterval: 5_000 } });
    desk.live(1_500);
    expect(desk.wanted("balance")).toHaveLength(1);
  });

  test("also between terms, and the wall clock too", () => {
    const desk = new ControllerDesk();
    desk.step({ type: "deposed" });
    desk.step({ type: "settingsChanged", settings: { ...SETTINGS, balancer: "off" } });
    desk.step({ type: "wallClock", offsetMs: 5_000_000 });
    desk.elect();
    desk.everybodyReports();
    desk.order(NOOUT);
    desk.live(120_000);
    expect(desk.wanted("balance")).toEqual([]);
    expect(desk.wanted("publish")[0]?.record.wallMs).toBe(6_000_000 + 50);
  });
});

describe("a plan of the balancer", () => {
  const pg = { pool: poolId(1), seed: 0 };
  const row = placementOf(MAP).pgToRaw(pg).osds;
  const from = osdId(present(row[0], "an OSD"));
  const to = present(
    [...MAP.osds.keys()].find((osd) => !row.includes(osd)),
    "another OSD",
  );
  const changes: UpmapChanges = { set: [[pg, [{ from, to }]]], remove: [], removeWhole: [] };

  function balancing(): ControllerDesk {
    const desk = new ControllerDesk({ settings: { balancerInterval: 1_000 } });
    desk.everybodyReports();
    desk.live(3_000);
    expect(desk.wanted("balance")).toEqual([
      { type: "balance", map: MAP, misplacedRatioMax: 0.05 },
    ]);
    return desk;
  }

  test("is put into the map, and then the next one is made", () => {
    const desk = balancing();
    desk.step({ type: "balanced", base: MAP, changes });
    expect(desk.settle()).toBe(1);
    expect(desk.wanted("publish").at(-1)?.record.causes).toEqual([
      { author: "mon.1 balancer", what: "balance: 1 of 1 planned changes of upmaps" },
    ]);
    desk.everybodyReports();
    desk.live(3_000);
    expect(desk.wanted("balance")).toHaveLength(2);
  });

  test("of a map that has changed where it counts is dropped", () => {
    const desk = balancing();
    desk.order({ type: "osdReweight", osd: from, weight: 0.5 });
    desk.step({ type: "balanced", base: MAP, changes });
    desk.settle();
    expect(desk.map.pgUpmapItems.size).toBe(0);
  });

  test("that comes to nothing lets the next one be made", () => {
    const desk = balancing();
    desk.step({ type: "balanced", base: desk.map, changes: undefined });
    expect(desk.settle()).toBe(0);
    desk.live(3_000);
    expect(desk.wanted("balance")).toHaveLength(2);
  });
});

test("without the rule an answer comes before the epoch is published", () => {
  const desk = new ControllerDesk({ rules: { ...ALL_RULES, answerPublished: false } });
  expect(desk.answerTo(desk.order(NOOUT))).toMatchObject(done(2));
  expect(desk.settle()).toBe(1);
});

test("without the rule a request that is repeated is done again", () => {
  const desk = new ControllerDesk({ rules: { ...ALL_RULES, rememberRequests: false } });
  for (const command of [NOOUT, UNSET, NOOUT]) {
    desk.order(command, "mine");
    desk.settle();
  }
  expect(desk.map.epoch).toBe(4);
});
