import { expect, test } from "vitest";
import { CrushError, type CrushErrorCode } from "../../../../crush/error.ts";
import type { CrushMap } from "../../../../crush/types.ts";
import { changedCrush } from "../../../../monitor/controller/command/crush-change.ts";
import { MAP } from "./desk.ts";

const changed = (change: (crush: CrushMap) => CrushMap) =>
  changedCrush(MAP, { what: "do it", already: "it is done already", change });

test("an edit that changes no row leaves the draft", () => {
  const copy = changed((crush) => ({ ...crush, buckets: [...crush.buckets] }));
  expect(copy).toEqual({ type: "edit", map: MAP, what: "it is done already" });
  expect(copy).toHaveProperty("map", MAP);
});

test("any other one gives another draft of the same epoch", () => {
  const done = changed((crush) => ({ ...crush, itemNames: new Map(crush.itemNames).set(0, "x") }));
  expect(done).toMatchObject({ type: "edit", what: "do it", map: { epoch: MAP.epoch } });
});

test("errors of an edit are refusals, and others are not caught", () => {
  const codeOf = (code: CrushErrorCode) =>
    changed(() => {
      throw new CrushError(code, "no");
    });
  const cases: [CrushErrorCode, string][] = [
    ["UNKNOWN", "NOT_FOUND"],
    ["DUPLICATE", "EXISTS"],
    ["IN_USE", "IN_USE"],
    ["LOOP", "INVALID"],
    ["LIMIT", "INVALID"],
  ];
  for (const [code, expected] of cases) {
    expect(codeOf(code)).toEqual({ type: "refused", code: expected, message: "no" });
  }
  expect(() =>
    changed(() => {
      throw new RangeError("a bug");
    }),
  ).toThrow("a bug");
});
