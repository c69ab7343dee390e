import { describe, expect, test } from "vitest";
import { epoch, osdId } from "../../../cluster/base/ids.ts";
import { REQUESTS_PER_EPOCH_MAX } from "../../../cluster/map/epoch-record.ts";
import type { ControllerMessage } from "../../../cluster/message/controller.ts";
import { ControllerDesk } from "./controller-desk.ts";

const LATER = { type: "refused", code: "LATER" } as const;
const MISMATCH = { type: "refused", code: "MISMATCH" } as const;

/** What osd.3 was in each epoch from the second on: "down", or the nonce that it is up with. */
function courseOf(desk: ControllerDesk, osd: number): (number | string)[] {
  return desk.wanted("publish").map(({ map }) => {
    const info = map.osds.get(osdId(osd));
    return info?.up === true ? info.nonce : "down";
  });
}

describe("an OSD that boots", () => {
  test("is up in the next epoch, which it is told", () => {
    const desk = new ControllerDesk();
    desk.down(3);
    desk.settle();
    const call = desk.boot(3);
    expect(desk.answerTo(call)).toBeUndefined();
    desk.settle();
    expect(desk.answerTo(call)).toEqual({ type: "taken", epoch: 3 });
    expect(courseOf(desk, 3)).toEqual(["down", 2003]);
    expect(desk.term.boots.size).toBe(0);
  });

  test("while it is up goes down in one epoch and up in the next, and is told the second", () => {
    const desk = new ControllerDesk();
    const call = desk.boot(3);
    desk.gather();
    desk.confirm();
    expect(desk.answerTo(call)).toBeUndefined();
    desk.gather();
    desk.confirm();
    expect(desk.answerTo(call)).toEqual({ type: "taken", epoch: 3 });
    expect(courseOf(desk, 3)).toEqual(["down", 2003]);
    expect(desk.map.osds.get(osdId(3))).toMatchObject({ upFrom: 3, downAt: 2 });
  });

  test("while its down is in flight is up in the epoch after it", () => {
    const desk = new ControllerDesk();
    desk.down(3);
    desk.gather();
    const call = desk.boot(3);
    desk.confirm();
    desk.settle();
    expect(desk.answerTo(call)).toEqual({ type: "taken", epoch: 3 });
    expect(courseOf(desk, 3)).toEqual(["down", 2003]);
  });

  test("as another process again before the first was drafted takes its place", () => {
    const desk = new ControllerDesk();
    const first = desk.boot(3);
    const second = desk.boot(3, { nonce: 3_003 });
    expect(desk.answerTo(first)).toMatchObject(LATER);
    desk.settle();
    expect(desk.answerTo(second)).toEqual({ type: "taken", epoch: 3 });
    expect(courseOf(desk, 3)).toEqual(["down", 3003]);
  });

  test("as another process again afterwards has each of its states in an epoch of its own", () => {
    const desk = new ControllerDesk();
    const first = desk.boot(3);
    desk.gather();
    const second = desk.boot(3, { nonce: 3_003 });
    desk.confirm();
    desk.settle();
    expect(desk.answerTo(first)).toEqual({ type: "taken", epoch: 3 });
    expect(desk.answerTo(second)).toEqual({ type: "taken", epoch: 5 });
    expect(courseOf(desk, 3)).toEqual(["down", 2003, "down", 3003]);
  });

  test("asked twice is answered twice, and boots once", () => {
    const desk = new ControllerDesk();
    desk.down(3);
    desk.settle();
    desk.boot(3);
    desk.settle();
    const again = desk.boot(3);
    expect(desk.answerTo(again)).toEqual({ type: "taken", epoch: 3 });
    expect(desk.settle()).toBe(0);
  });

  test("with another store than the map knows is refused at once", () => {
    const desk = new ControllerDesk();
    const uuid = "11111111-0000-4000-8000-000000000000";
    expect(desk.answerTo(desk.boot(3, { uuid }))).toMatchObject(MISMATCH);
    expect(desk.term.boots.size).toBe(0);
  });

  test("with a newer map than the controller's is not judged by it", () => {
    const desk = new ControllerDesk();
    const uuid = "11111111-0000-4000-8000-000000000000";
    const call = desk.boot(3, { uuid, epoch: epoch(2) });
    expect(desk.answerTo(call)).toMatchObject({
      ...LATER,
      message: expect.stringContaining("another has taken over"),
    });
    desk.order({ type: "flagSet", flags: ["noout"] });
    desk.gather();
    // In flight it may be published already, and seen.
    expect(desk.answerTo(desk.boot(3, { epoch: epoch(2) }))).toBeUndefined();
  });

  test("waits where the epoch is full", () => {
    const desk = new ControllerDesk();
    desk.order({ type: "flagSet", flags: ["noscrub"] });
    desk.gather();
    for (let index = 0; index < REQUESTS_PER_EPOCH_MAX; index++) {
      desk.order({ type: index % 2 === 0 ? "flagSet" : "flagUnset", flags: ["noout"] });
    }
    const restarted = desk.boot(3);
    expect(desk.answerTo(restarted)).toBeUndefined();
    desk.confirm();
    desk.settle();
    desk.live(1_000);
    expect(desk.answerTo(restarted)).toMatchObject({ type: "taken" });
    expect(desk.map.osds.get(osdId(3))?.nonce).toBe(2003);
  });
});

describe("a boot that has to wait", () => {
  function waiting(): { desk: ControllerDesk; call: number } {
    const desk = new ControllerDesk();
    desk.order({ type: "flagSet", flags: ["noup"] });
    desk.down(3);
    desk.settle();
    return { desk, call: desk.boot(3) };
  }

  test("goes on when the flag in its way is gone", () => {
    const { desk, call } = waiting();
    desk.live(5_000);
    expect(desk.answerTo(call)).toBeUndefined();
    desk.order({ type: "flagUnset", flags: ["noup"] });
    desk.settle();
    expect(desk.answerTo(call)).toMatchObject({ type: "taken" });
    expect(desk.map.osds.get(osdId(3))?.up).toBe(true);
  });

  test("goes on when the process before it lets go of its session, which is no change of the map", () => {
    const desk = new ControllerDesk();
    desk.down(3);
    desk.settle();
    desk.step({ type: "sessionSeen", osd: osdId(3), registration: { nonce: 1 } });
    const call = desk.boot(3, {}, { registers: false });
    desk.live(2_000);
    expect(desk.answerTo(call)).toBeUndefined();
    desk.step({ type: "sessionSeen", osd: osdId(3), registration: { nonce: 2_003 } });
    desk.live(200);
    expect(desk.answerTo(call)).toMatchObject({ type: "taken" });
  });

  test("goes on when it has flapped too often and its time is over, however much is published", () => {
    const desk = new ControllerDesk({ settings: { markdownCountMax: 1, markdownPeriod: 20_000 } });
    for (let nonce = 5_000; nonce < 5_003; nonce++) {
      desk.boot(3, { nonce });
      desk.live(500);
      desk.down(3);
      desk.settle();
    }
    const call = desk.boot(3, { nonce: 6_000 });
    expect(desk.answerTo(call)).toBeUndefined();
    desk.order({ type: "flagSet", flags: ["noout"] });
    desk.live(2_000);
    expect(desk.answerTo(call)).toBeUndefined();
    desk.live(20_000);
    expect(desk.answerTo(call)).toMatchObject({ type: "taken" });
  });

  test("is told to come again after a while, and is not kept", () => {
    const { desk, call } = waiting();
    desk.live(29_000);
    expect(desk.answerTo(call)).toBeUndefined();
    desk.live(2_000);
    expect(desk.answerTo(call)).toMatchObject({ ...LATER, message: "osd.3 cannot boot yet" });
    expect(desk.term.boots.size).toBe(0);
    desk.order({ type: "flagUnset", flags: ["noup"] });
    desk.settle();
    expect(desk.map.osds.get(osdId(3))?.up).toBe(false);
  });

  test("gives way to the next one of the same OSD", () => {
    const { desk, call } = waiting();
    const next = desk.boot(3, { nonce: 9 });
    expect(desk.answerTo(call)).toMatchObject(LATER);
    expect(desk.term.boots.size).toBe(1);
    desk.order({ type: "flagUnset", flags: ["noup"] });
    desk.settle();
    expect(desk.answerTo(next)).toMatchObject({ type: "taken" });
    expect(desk.map.osds.get(osdId(3))?.nonce).toBe(9);
  });
});

describe("an empty directory that asks for an id", () => {
  const create = (n: number): ControllerMessage => ({
    type: "osdCreate",
    uuid: `22222222-0000-4000-8000-00000000000${n}`,
    host: "host0",
    deviceClass: "",
    bytes: 1,
  });

  test("gets the same one however often it asks, and is told when the map has it", () => {
    const desk = new ControllerDesk();
    const calls = [desk.ask("osd.0", create(1)), desk.ask("osd.0", create(1))];
    desk.gather();
    calls.push(desk.ask("osd.0", create(1)));
    expect(calls.map((call) => desk.answerTo(call))).toEqual([undefined, undefined, undefined]);
    desk.confirm();
    calls.push(desk.ask("osd.0", create(1)));
    for (const call of calls) {
      expect(desk.answerTo(call)).toEqual({ type: "osdCreated", osd: 12, epoch: 2 });
    }
    expect(desk.settle()).toBe(0);
  });

  test("shares an epoch with another one, and no id", () => {
    const desk = new ControllerDesk();
    const calls = [desk.ask("osd.0", create(1)), desk.ask("osd.0", create(2))];
    expect(desk.settle()).toBe(1);
    expect(calls.map((call) => desk.answerTo(call))).toMatchObject([{ osd: 12 }, { osd: 13 }]);
  });
});

describe("an OSD speaks for itself alone", () => {
  const nonce = 1_003;
  const osd = osdId(3);
  const incarnation = { osd: osdId(5), upFrom: epoch(1) };
  const messages: readonly ControllerMessage[] = [
    { type: "failure", reporter: osd, ...incarnation, kind: "silent", silentMs: 9_000 },
    { type: "alive", reporter: osd, ...incarnation },
    { type: "upThru", osd, nonce, epoch: epoch(1) },
    { type: "pgTemp", osd, nonce, entries: [] },
    { type: "pgsCreated", osd, nonce, pgs: [] },
    { type: "stopping", osd, nonce },
  ];

  test.each(messages.map((message) => [message.type, message] as const))(
    "%s under another's name is refused and changes nothing",
    (_, message) => {
      const desk = new ControllerDesk();
      for (const from of ["osd.4", "client.osd.3", "mon.3"]) {
        expect(desk.answerTo(desk.ask(from, message))).toMatchObject({
          ...MISMATCH,
          message: `${from} cannot speak for osd.3`,
        });
      }
      expect(desk.settle()).toBe(0);
      expect(desk.term.membership.reports.size).toBe(0);
      expect(desk.answerTo(desk.ask("osd.3", message))?.type).not.toBe("refused");
    },
  );

  test("boots and statistics under another's name are refused too", () => {
    const desk = new ControllerDesk();
    const { state, answers } = desk;
    expect(state.term?.boots.size).toBe(0);
    desk.boot(3, { osd: osdId(4) });
    desk.stats(3, { osd: osdId(4) });
    expect(answers.map(({ message }) => message)).toMatchObject([MISMATCH, MISMATCH]);
  });
});

describe("reports of failures", () => {
  test("of two peers take an OSD down, one's do not", () => {
    const desk = new ControllerDesk();
    const report = (reporter: number) =>
      desk.ask(`osd.${reporter}`, {
        type: "failure",
        reporter: osdId(reporter),
        osd: osdId(3),
        upFrom: epoch(1),
        kind: "refused",
        silentMs: 0,
      });
    expect(desk.answerTo(report(5))).toEqual({ type: "taken", epoch: 1 });
    desk.live(1_000);
    expect(desk.map.osds.get(osdId(3))?.up).toBe(true);
    report(8);
    desk.live(100);
    expect(desk.map.osds.get(osdId(3))?.up).toBe(false);
    expect(desk.answerTo(report(9))).toMatchObject(MISMATCH);
  });

  test("with the session gone need only one, or a probe that is refused", () => {
    const desk = new ControllerDesk();
    desk.step({ type: "sessionSeen", osd: osdId(3), registration: undefined });
    desk.pass(50);
    expect(desk.wanted("probe")).toMatchObject([{ osd: 3, address: "127.0.0.1:6807" }]);
    desk.step({ type: "probed", osd: osdId(3), result: "refused" });
    expect(desk.settle()).toBe(1);
    expect(desk.map.osds.get(osdId(3))?.up).toBe(false);
  });
});

describe("facts of an OSD", () => {
  test("are in the epoch that it is told", () => {
    const desk = new ControllerDesk();
    const thru = desk.ask("osd.3", {
      type: "upThru",
      osd: osdId(3),
      nonce: 1_003,
      epoch: epoch(1),
    });
    expect(desk.answerTo(thru)).toEqual({ type: "taken", epoch: 1 });
    const stop = desk.ask("osd.3", { type: "stopping", osd: osdId(3), nonce: 1_003 });
    expect(desk.answerTo(stop)).toBeUndefined();
    desk.settle();
    expect(desk.answerTo(stop)).toEqual({ type: "taken", epoch: 2 });
    expect(desk.events).toContain("mark osd.3 down: it stops");
  });

  test("that it stops, of one that comes up in this very epoch, come later", () => {
    const desk = new ControllerDesk();
    desk.down(3);
    desk.settle();
    desk.boot(3);
    const stopping = { type: "stopping", osd: osdId(3), nonce: 2_003 } as const;
    expect(desk.answerTo(desk.ask("osd.3", stopping))).toMatchObject(LATER);
    desk.settle();
    const call = desk.ask("osd.3", stopping);
    desk.settle();
    expect(desk.answerTo(call)).toEqual({ type: "taken", epoch: 4 });
    expect(courseOf(desk, 3)).toEqual(["down", 2003, "down"]);
  });
});

describe("statistics", () => {
  test("are taken from the incarnation that is up, with a map that is not ahead", () => {
    const desk = new ControllerDesk();
    expect(desk.answerTo(desk.stats(3))).toEqual({ type: "taken", epoch: 1 });
    expect(desk.answerTo(desk.stats(3, { nonce: 5 }))).toMatchObject({
      ...MISMATCH,
      message: "osd.3: it is not up in the map",
    });
    expect(desk.answerTo(desk.stats(3, { epoch: epoch(2) }))).toMatchObject({
      ...LATER,
      message: "osd.3: its map is newer than the controller's",
    });
  });

  test("that show a disk to be full put that into the map, once", () => {
    const desk = new ControllerDesk();
    const full = { ...statOf(96) };
    desk.stats(3, { stat: full });
    expect(desk.settle()).toBe(1);
    expect(desk.map.osds.get(osdId(3))?.fullness).toBe("full");
    desk.stats(3, { stat: full });
    expect(desk.settle()).toBe(0);
  });

  function statOf(usedBytes: number) {
    return {
      totalBytes: 100,
      usedBytes,
      slowOps: 0,
      oldestSlowMs: 0,
      readOps: 0,
      writeOps: 0,
      readBytes: 0,
      writtenBytes: 0,
      recoveredObjects: 0,
      recoveredBytes: 0,
      commitMs: 0,
    };
  }
});
