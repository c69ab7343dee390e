import { describe, expect, test } from "vitest";
import { osdId } from "../../../cluster/base/ids.ts";
import { ControllerDesk } from "./controller-desk.ts";

const DOWN = "health: 1 osds down (OSD_DOWN)";

function healthOf(desk: ControllerDesk): string[] {
  return desk.events.filter((text) => text.includes("OSD_DOWN"));
}

describe("health is told to the cluster log", () => {
  test("when a check comes and when it goes, once each", () => {
    const desk = new ControllerDesk();
    desk.everybodyReports();
    desk.live(5_000);
    expect(healthOf(desk)).toEqual([]);
    desk.down(3);
    desk.live(10_000);
    expect(healthOf(desk)).toEqual([DOWN]);
    desk.boot(3);
    desk.live(10_000);
    expect(healthOf(desk)).toEqual([DOWN, "health: no longer OSD_DOWN (was: 1 osds down)"]);
  });

  test("not for every OSD more that a check is about", () => {
    const desk = new ControllerDesk();
    desk.down(3);
    desk.live(2_000);
    desk.down(4);
    desk.live(2_000);
    expect(healthOf(desk)).toEqual([DOWN]);
  });

  test("with its level, and at the wall clock", () => {
    const desk = new ControllerDesk();
    desk.step({ type: "wallClock", offsetMs: 7_000_000 });
    desk.down(3);
    desk.live(2_000);
    const event = desk.wanted("event").find(({ text }) => text === DOWN);
    expect(event?.level).toBe("warn");
    expect(event?.wallMs).toBeGreaterThan(8_000_000);
  });

  test("when all is well again", () => {
    const desk = new ControllerDesk();
    desk.everybodyReports();
    desk.live(2_000);
    for (const { code } of desk.term.health.checks) {
      desk.ask("client.1", { type: "mute", code, durationMs: undefined, isSticky: true });
    }
    desk.live(2_000);
    const before = desk.events.filter((text) => text === "the cluster is healthy").length;
    desk.order({ type: "flagSet", flags: ["noout"] });
    desk.live(2_000);
    desk.order({ type: "flagUnset", flags: ["noout"] });
    desk.live(2_000);
    const after = desk.events.filter((text) => text === "the cluster is healthy").length;
    expect(after - before).toBe(1);
  });
});

test("health is known from the election on, and computed every second", () => {
  const desk = new ControllerDesk();
  expect(desk.term.health.checks.length).toBeGreaterThan(0);
  expect(desk.events).toEqual([expect.stringMatching(/^mon\.1 leads; health is HEALTH_\w+ \(\w+/)]);
  desk.pass(50);
  const first = desk.term.health;
  expect(first.checks.length).toBeGreaterThan(0);
  desk.pass(900);
  expect(desk.term.health).toBe(first);
  desk.pass(150);
  expect(desk.term.health).not.toBe(first);
});

test("a mute that is not sticky ends with its check, and that is stored", () => {
  const desk = new ControllerDesk();
  desk.down(3);
  desk.live(2_000);
  desk.ask("client.1", { type: "mute", code: "OSD_DOWN", durationMs: undefined, isSticky: false });
  desk.live(2_000);
  expect(desk.term.mutes).toMatchObject([{ code: "OSD_DOWN", count: 1 }]);
  desk.boot(3);
  desk.live(2_000);
  expect(desk.map.osds.get(osdId(3))?.up).toBe(true);
  expect(desk.wanted("storeMutes").map(({ mutes }) => mutes.length)).toEqual([1, 0]);
});
