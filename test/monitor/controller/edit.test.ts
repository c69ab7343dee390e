import { expect, test } from "vitest";
import { EMPTY_MAP } from "../../../cluster/map/osd-map-delta.ts";
import { edit, REFUSALS, refused } from "../../../monitor/controller/edit.ts";

test("an edit carries the map as it is to be, and what was done", () => {
  expect(edit(EMPTY_MAP, "nothing")).toEqual({ type: "edit", map: EMPTY_MAP, what: "nothing" });
});

test("a refusal carries a code that people can look up, and a sentence", () => {
  expect(refused("LATER", "not now")).toEqual({
    type: "refused",
    code: "LATER",
    message: "not now",
  });
  for (const help of Object.values(REFUSALS)) expect(help).toMatch(/^[a-z].*[a-z]$/);
});
