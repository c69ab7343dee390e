import { describe, expect, test } from "vitest";
import { utf8 } from "../../../../cluster/base/bytes.ts";
import type { Command } from "../../../../cluster/message/command.ts";
import { encodeBinary } from "../../../../crush/binary.ts";
import { printText } from "../../../../crush/text-printer.ts";
import { TUNABLES_PROFILES } from "../../../../crush/tunables.ts";
import type { CrushMap } from "../../../../crush/types.ts";
import { OSD_ID_MAX } from "../../../../monitor/controller/command/osd-life.ts";
import { crushText } from "../../../cluster/map/world.ts";
import { already, done, MAP, refusal, TREE } from "./desk.ts";

const set = (map: Uint8Array): Command => ({ type: "crushSetMap", map });
const WIDER = crushText({ ...TREE, hosts: 3 });

describe("a whole map", () => {
  test("takes the place of the one that was, in either form", () => {
    const { map, what } = done(MAP, set(utf8(WIDER)));
    expect(what).toBe("replace the CRUSH map");
    expect(printText(map.crush)).not.toBe(printText(MAP.crush));
    const binary = encodeBinary(map.crush);
    expect(already(map, set(binary))).toBe("the CRUSH map is that one already");
    expect(done(MAP, set(binary)).map.crush).toEqual(map.crush);
    expect(already(MAP, set(utf8(printText(MAP.crush))))).toContain("already");
  });

  test("is refused with the place of what is wrong", () => {
    expect(refusal(MAP, set(utf8("tunable nothing 1\n")))).toMatchObject({ code: "NOT_FOUND" });
    expect(refusal(MAP, set(utf8("tunable nothing 1\n"))).message).toContain("line 1, column 9");
    expect(refusal(MAP, set(Uint8Array.of(0, 0, 1, 0, 9))).message).toContain("at byte");
    expect(refusal(MAP, set(Uint8Array.of(0xff, 0xfe)))).toEqual({
      code: "INVALID",
      message: "the map is neither in the binary form nor a text in UTF-8",
    });
  });

  test("is not nothing, even where no pool needs it", () => {
    const bare = { ...MAP, pools: new Map(), poolSettings: new Map() };
    expect(refusal(bare, set(new Uint8Array(0))).message).toBe("the map is empty");
  });

  test("must have rules for the pools", () => {
    const text = WIDER.replaceAll("max_size 20", "max_size 2");
    expect(refusal(MAP, set(utf8(text)))).toEqual({
      code: "INVALID",
      message: 'it cannot be so: no CRUSH rule of ruleset 0 fits pool "rbd" of size 3',
    });
    expect(refusal(MAP, set(utf8("\n"))).message).toContain("no CRUSH rule of ruleset 0");
  });

  test("has no devices and no choose_args that this cluster cannot have", () => {
    const withArgs = (key: number): CrushMap => ({
      ...MAP.crush,
      chooseArgs: new Map([[key, new Map()]]),
    });
    for (const key of [3, -2, 2 ** 40]) {
      expect(refusal(MAP, set(encodeBinary(withArgs(key)))).message).toContain(
        `the map has choose_args for pool ${key}, which is not there`,
      );
    }
    for (const key of [-1, 1]) done(MAP, set(encodeBinary(withArgs(key))));
    const far = `device ${OSD_ID_MAX + 1} far\n${WIDER}`;
    expect(refusal(MAP, set(utf8(far))).message).toContain(
      `the map has the device ${OSD_ID_MAX + 1}`,
    );
  });
});

test("tunables are those of a profile, and straw lengths stay as they are where it says nothing", () => {
  const { map } = done(MAP, { type: "crushTunables", profile: "bobtail" });
  expect(map.crush.tunables).toEqual({
    ...MAP.crush.tunables,
    ...TUNABLES_PROFILES.get("bobtail"),
  });
  expect(already(map, { type: "crushTunables", profile: "bobtail" })).toBe(
    "the CRUSH tunables are those of bobtail already",
  );
  expect(refusal(MAP, { type: "crushTunables", profile: "x" }).message).toContain(
    'there are no tunables called "x"; profiles: legacy, argonaut, bobtail,',
  );
});
