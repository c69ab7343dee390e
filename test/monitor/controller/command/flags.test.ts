import { expect, test } from "vitest";
import { already, done, MAP, refusal } from "./desk.ts";

test("flags are set and unset, each only once", () => {
  const { map, what } = done(MAP, { type: "flagSet", flags: ["noout", "pause", "noout"] });
  expect(what).toBe("set noout, pause");
  expect([...map.flags]).toEqual(["noout", "pause"]);
  expect(already(map, { type: "flagSet", flags: ["noout"] })).toBe("noout is set already");
  const more = done(map, { type: "flagSet", flags: ["noout", "noin"] });
  expect(more.what).toBe("set noin");
  const fewer = done(more.map, { type: "flagUnset", flags: ["noout", "noscrub"] });
  expect(fewer.what).toBe("unset noout");
  expect([...fewer.map.flags]).toEqual(["pause", "noin"]);
  expect(already(fewer.map, { type: "flagUnset", flags: ["noup", "noout"] })).toBe(
    "noup, noout are not set",
  );
  for (const type of ["flagSet", "flagUnset"] as const) {
    expect(refusal(MAP, { type, flags: [] }).message).toContain("no flag is named; flags: pause,");
  }
});

test("ratios are set as long as each is below the next", () => {
  const { map, what } = done(MAP, { type: "ratiosSet", nearfull: 0.7, full: 0.97 });
  expect(map.ratios).toEqual({ nearfull: 0.7, backfillfull: 0.9, full: 0.97 });
  expect(what).toBe("set the ratios to nearfull 0.7, backfillfull 0.9, full 0.97");
  expect(already(map, { type: "ratiosSet", full: 0.97 })).toContain("already");
  const wrong = [
    { nearfull: 0 },
    { nearfull: 0.9 },
    { backfillfull: 0.95 },
    { full: 1.01 },
    { full: Number.NaN },
    { nearfull: Number.NaN },
  ];
  for (const ratios of wrong)
    expect(refusal(MAP, { type: "ratiosSet", ...ratios }).code).toBe("INVALID");
  expect(done(MAP, { type: "ratiosSet", full: 1 }).map.ratios.full).toBe(1);
});
