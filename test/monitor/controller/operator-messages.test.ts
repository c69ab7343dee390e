import { describe, expect, test } from "vitest";
import { osdId, poolId } from "../../../cluster/base/ids.ts";
import type { ControllerMessage } from "../../../cluster/message/controller.ts";
import { PG_NUM_MIN } from "../../../monitor/controller/pg-advice.ts";
import { ControllerDesk, done, OPERATOR } from "./controller-desk.ts";

const ASK_PGS = {
  type: "askPgs",
  filter: { pool: undefined, osd: undefined, states: 0, unknown: false, stuck: undefined },
  after: undefined,
  limit: 100,
} as const;

function answerOf(desk: ControllerDesk, message: ControllerMessage): ControllerMessage | undefined {
  return desk.answerTo(desk.ask(OPERATOR, message));
}

describe("a command", () => {
  test("is put down to whoever gives it, or else to the connection that it came by", () => {
    const desk = new ControllerDesk();
    desk.order({ type: "flagSet", flags: ["noout"] });
    const command = { type: "flagSet", flags: ["noscrub"] } as const;
    desk.ask("client.7", { type: "command", requestId: "x", author: "", command });
    desk.gather();
    const [{ record } = {}] = desk.wanted("publish");
    expect(record?.causes.map(({ author }) => author)).toEqual(["ops", "client.7"]);
  });

  test("is answered with what it found out as well", () => {
    const desk = new ControllerDesk();
    const call = desk.order({ type: "osdNew", uuid: "u", osd: undefined });
    desk.settle();
    const answer = desk.answerTo(call);
    expect(answer).toMatchObject(done(2));
    expect(JSON.parse((answer?.type === "commandDone" && answer.json) || "")).toEqual({ osd: 12 });
  });

  test("is judged by what OSDs have reported", () => {
    const desk = new ControllerDesk();
    const order = { type: "osdOkToStop", osds: [osdId(3)] } as const;
    expect(desk.answerTo(desk.order(order))).toMatchObject({ type: "refused", code: "UNSAFE" });
    desk.everybodyReports();
    expect(desk.answerTo(desk.order(order))).toMatchObject(done(1));
  });

  test("is judged by the settings of the moment", () => {
    const desk = new ControllerDesk({ settings: { poolDeleteAllowed: false } });
    const order = { type: "poolDelete", name: "pool1", nameAgain: "pool1", confirm: true } as const;
    expect(desk.answerTo(desk.order(order))).toMatchObject({ type: "refused", code: "FORBIDDEN" });
    const settings = { ...desk.state.settings, poolDeleteAllowed: true };
    desk.step({ type: "settingsChanged", settings });
    desk.order(order);
    desk.settle();
    expect(desk.map.pools.has(poolId(1))).toBe(false);
  });
});

describe("a question", () => {
  const questions: readonly [ControllerMessage, ControllerMessage["type"]][] = [
    [{ type: "askStatus" }, "status"],
    [{ type: "askHealth" }, "health"],
    [ASK_PGS, "pgs"],
    [{ type: "askOsdDf" }, "osdDf"],
    [{ type: "askPoolDf" }, "poolDf"],
    [{ type: "askProgress" }, "progress"],
    [{ type: "askQuorum" }, "quorum"],
  ];

  test.each(questions)("is answered at once, whatever is under way: %o", (question, type) => {
    const desk = new ControllerDesk();
    desk.order({ type: "flagSet", flags: ["noout"] });
    desk.gather();
    expect(answerOf(desk, question)?.type).toBe(type);
  });

  test("of pools is answered with the number of PGs that would suit each", () => {
    const answer = answerOf(new ControllerDesk(), { type: "askPoolDf" });
    const [row] = answer?.type === "poolDf" ? answer.rows : [];
    expect(row?.advice).toEqual({ pgNum: PG_NUM_MIN, isFarOff: true });
    expect(row?.pgNum).toBeLessThan(PG_NUM_MIN);
  });

  test("is answered of what is published, not of what is under way", () => {
    const desk = new ControllerDesk();
    desk.down(3);
    desk.gather();
    const upOf = () => {
      const answer = answerOf(desk, { type: "askStatus" });
      return answer?.type === "status" ? [answer.status.epoch, answer.status.osds.up] : [];
    };
    expect(upOf()).toEqual([1, 12]);
    desk.confirm();
    expect(upOf()).toEqual([2, 11]);
  });

  test("of monitors is answered with those that the shell last saw", () => {
    const desk = new ControllerDesk();
    const monitors = [{ name: "mon.1" }] as never;
    desk.step({ type: "monitorsSeen", monitors });
    expect(answerOf(desk, { type: "askQuorum" })).toEqual({ type: "quorum", monitors });
  });
});

describe("a mute", () => {
  const mute = { type: "mute", code: "OSD_DOWN", durationMs: undefined, isSticky: false } as const;

  function troubled(): ControllerDesk {
    const desk = new ControllerDesk();
    desk.everybodyReports();
    desk.order({ type: "poolSet", name: "pool1", confirm: true, ...UNCHANGED, application: "s3" });
    desk.down(3);
    desk.settle();
    desk.live(2_000);
    return desk;
  }

  const UNCHANGED = {
    size: undefined,
    minSize: undefined,
    rule: undefined,
    nodelete: undefined,
    quotaBytes: undefined,
    quotaObjects: undefined,
  } as const;

  test("shows at once, in the check and in the status, and is stored", () => {
    const desk = troubled();
    const codes = desk.term.health.checks.map(({ code }) => code);
    expect(codes).toContain("OSD_DOWN");
    for (const code of codes) answerOf(desk, { ...mute, code });
    const answer = answerOf(desk, mute);
    expect(answer).toMatchObject({ type: "health", health: { status: "HEALTH_OK" } });
    expect(answer?.type === "health" && answer.health.checks.every(({ isMuted }) => isMuted)).toBe(
      true,
    );
    expect(
      desk
        .wanted("storeMutes")
        .at(-1)
        ?.mutes.map(({ code }) => code)
        .sort(),
    ).toEqual(codes.sort());
  });

  test("is in force for the next controller, and ends with its time", () => {
    const desk = troubled();
    answerOf(desk, { ...mute, durationMs: 60_000, isSticky: true });
    const mutes = desk.wanted("storeMutes").at(-1)?.mutes ?? [];
    const next = new ControllerDesk({ elected: { map: desk.map, mutes } });
    const isMuted = () =>
      next.term.health.checks.find(({ code }) => code === "OSD_DOWN")?.isMuted ?? false;
    next.live(2_000);
    expect(isMuted()).toBe(true);
    next.live(70_000);
    expect([isMuted(), next.wanted("storeMutes").at(-1)?.mutes]).toEqual([false, []]);
  });

  test("is taken back", () => {
    const desk = troubled();
    answerOf(desk, mute);
    const answer = answerOf(desk, { type: "unmute", code: "OSD_DOWN" });
    expect(answer).toMatchObject({ type: "health", health: { status: "HEALTH_WARN" } });
    expect(desk.wanted("storeMutes").at(-1)?.mutes).toEqual([]);
  });

  test.each(["OSD_DOWM", "toString", "", "x".repeat(100_000)])("of no check is refused", (code) => {
    const desk = troubled();
    const answer = answerOf(desk, { ...mute, code });
    expect(answer).toMatchObject({ type: "refused", code: "NOT_FOUND" });
    expect(answer?.type === "refused" && answer.message.length).toBeLessThan(200);
    expect(desk.wanted("storeMutes")).toEqual([]);
  });
});
