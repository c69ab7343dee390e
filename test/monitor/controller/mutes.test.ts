import { describe, expect, test } from "vitest";
import { present } from "../../../cluster/base/assert.ts";
import type { HealthCheck, HealthStatus } from "../../../cluster/message/query.ts";
import { healthCheck } from "../../../monitor/controller/health-codes.ts";
import {
  currentMutes,
  formatMutes,
  MUTES_MAX,
  type Mute,
  parseMutes,
  reportOf,
  withMute,
  withoutMute,
} from "../../../monitor/controller/mutes.ts";

function check(
  count: number,
  severity: HealthStatus = "HEALTH_WARN",
  code = "OSD_DOWN",
): HealthCheck {
  return { ...healthCheck("OSD_DOWN", { summary: "", count, details: [] }), code, severity };
}

const ORDER = { code: "OSD_DOWN", untilWallMs: undefined, isSticky: false };

/** Ordered when the check had a count of 2. */
function muted(order: Partial<Mute> = {}): readonly Mute[] {
  return present(withMute([], { ...ORDER, ...order }, [check(2)]), "a mute");
}

describe("a mute", () => {
  test.each<[string, Partial<Mute>, readonly HealthCheck[], number, boolean]>([
    ["goes on while nothing changes", {}, [check(2)], 0, true],
    ["goes on while it gets better", {}, [check(1)], 0, true],
    ["ends when it gets worse", {}, [check(3)], 0, false],
    ["ends when it gets more severe", {}, [check(2, "HEALTH_ERR")], 0, false],
    ["ends when it clears", {}, [], 0, false],
    ["ends by its time", { untilWallMs: 100 }, [check(2)], 100, false],
    ["goes on until its time", { untilWallMs: 100 }, [check(2)], 99, true],
    ["that is sticky goes on when it gets worse", { isSticky: true }, [check(9)], 0, true],
    ["that is sticky goes on when it clears", { isSticky: true }, [], 0, true],
    ["that is sticky ends by its time", { isSticky: true, untilWallMs: 5 }, [], 5, false],
  ])("%s", (_, order, checks, wallMs, goesOn) => {
    expect(currentMutes(muted(order), checks, wallMs).length).toBe(Number(goesOn));
  });

  test("ends when it gets worse than it was at its best", () => {
    const better = currentMutes(muted(), [check(1)], 0);
    expect(currentMutes(better, [check(2)], 0)).toEqual([]);
  });

  test("of what is not there yet waits for it, and takes it as it comes", () => {
    const early = withMute([], ORDER, []) ?? [];
    const waiting = currentMutes(early, [], 0);
    expect(waiting).toBe(early);
    const met = currentMutes(waiting, [check(5)], 0);
    expect(met).toMatchObject([{ count: 5 }]);
    expect(currentMutes(met, [check(6)], 0)).toEqual([]);
  });

  test("that does not change is the same, so that nobody stores it", () => {
    const mutes = muted();
    expect(currentMutes(mutes, [check(2)], 0)).toBe(mutes);
  });

  test("takes the place of one of the same code, and can be taken back", () => {
    const again = withMute(muted(), { ...ORDER, isSticky: true }, []) ?? [];
    expect(again).toMatchObject([{ isSticky: true }]);
    expect(withoutMute(again, "OSD_DOWN")).toEqual([]);
    expect(withoutMute(again, "OSD_FULL")).toEqual(again);
  });

  test("is refused where there are too many", () => {
    let mutes: readonly Mute[] = [];
    for (let at = 0; at < MUTES_MAX; at++) {
      mutes = withMute(mutes, { ...ORDER, code: `CODE_${at}` }, []) ?? [];
    }
    expect(mutes.length).toBe(MUTES_MAX);
    expect(withMute(mutes, { ...ORDER, code: "ONE_MORE" }, [])).toBeUndefined();
    expect(withMute(mutes, { ...ORDER, code: "CODE_3" }, [])?.length).toBe(MUTES_MAX);
  });
});

describe("a report", () => {
  const err = check(1, "HEALTH_ERR", "OSD_FULL");
  test.each<[string, readonly HealthCheck[], readonly Mute[], HealthStatus]>([
    ["without checks", [], [], "HEALTH_OK"],
    ["with a warning", [check(1)], [], "HEALTH_WARN"],
    ["with an error behind a warning", [check(1), err], [], "HEALTH_ERR"],
    ["with an error before a warning", [err, check(1)], [], "HEALTH_ERR"],
    ["with only a muted warning", [check(1)], muted(), "HEALTH_OK"],
    ["with a muted warning and an error", [check(1), err], muted(), "HEALTH_ERR"],
  ])("%s tells the status", (_, checks, mutes, status) => {
    expect(reportOf(checks, mutes).status).toBe(status);
  });

  test("still shows what is muted", () => {
    expect(reportOf([check(1), err], muted()).checks.map(({ isMuted }) => isMuted)).toEqual([
      true,
      false,
    ]);
  });
});

describe("the text of mutes", () => {
  test("gives the mutes back", () => {
    const mutes = [
      ...muted({ untilWallMs: 7 }),
      ...(withMute([], { ...ORDER, code: "X" }, []) ?? []),
    ];
    expect(parseMutes(formatMutes(mutes))).toEqual(mutes);
    expect(parseMutes("[]")).toEqual([]);
  });

  test.each([
    "",
    "{}",
    "[null]",
    "[1]",
    '[{"code":1,"isSticky":true}]',
    '[{"code":"A"}]',
    '[{"code":"A","isSticky":true,"untilWallMs":"soon"}]',
    '[{"code":"A","isSticky":true,"count":"2"}]',
    '[{"code":"A","isSticky":true,"severity":"BAD"}]',
    JSON.stringify(Array.from({ length: MUTES_MAX + 1 }, () => ({ code: "A", isSticky: true }))),
  ])("%j is none", (text) => {
    expect(parseMutes(text)).toBeUndefined();
  });
});
