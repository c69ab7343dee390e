import { expect, test } from "vitest";
import {
  are,
  instead,
  isRefusal,
  listed,
  osdNames,
  unconfirmed,
} from "../../../../monitor/controller/command/sentence.ts";
import { edit } from "../../../../monitor/controller/edit.ts";
import { MAP, osds } from "./desk.ts";

test("a list has ten names, and says how many more there are", () => {
  const names = (count: number) => Array.from({ length: count }, (_, index) => `n${index}`);
  expect(listed(names(2))).toBe("n0, n1");
  expect(listed(names(10))).toBe(names(10).join(", "));
  expect(listed(names(13))).toBe(`${names(10).join(", ")} and 3 more`);
  expect(instead("pools", ["a"])).toBe("; pools: a");
  expect(instead("pools", [])).toBe("; there are no pools");
  expect(osdNames(osds(1, 2))).toBe("osd.1, osd.2");
  expect([are(1), are(2)]).toEqual(["is", "are"]);
});

test("a refusal is told from everything else", () => {
  const refusal = unconfirmed("all is gone");
  expect(refusal).toMatchObject({
    code: "UNCONFIRMED",
    message: "all is gone; add --yes-i-really-mean-it if that is meant",
  });
  expect([refusal, edit(MAP, "x"), MAP, {}].map(isRefusal)).toEqual([true, false, false, false]);
});
