import { expect, test } from "vitest";
import type { CommandOf } from "../../../../cluster/message/command.ts";
import { OPCODE } from "../../../../crush/types.ts";
import { already, done, MAP, osds, refusal } from "./desk.ts";

type Create = CommandOf<"crushCreateRule">;
const create = (given: Partial<Create> = {}): Create => ({
  type: "crushCreateRule",
  name: "racks",
  ruleType: "replicated",
  root: "default",
  failureDomain: "rack",
  ...given,
});

test("a rule is created once", () => {
  const { map, what } = done(MAP, create());
  expect(what).toBe('create rule "racks"');
  expect(map.crush.rules[2]).toMatchObject({ ruleset: 2, type: 1 });
  expect(map.crush.rules[2]?.steps.map(({ op }) => op)).toEqual([
    OPCODE.take,
    OPCODE.chooseleafFirstn,
    OPCODE.emit,
  ]);
  expect(already(map, create())).toBe('rule "racks" is there already');
  for (const other of [
    { failureDomain: "host" },
    { ruleType: "erasure" as const },
    { root: "rack0" },
  ]) {
    expect(refusal(map, create(other))).toEqual({
      code: "EXISTS",
      message: 'there is another rule "racks" already; remove it or take another name',
    });
  }
});

test("a rule over a class is created once, and not for a class that nothing has", () => {
  expect(refusal(MAP, create({ deviceClass: "ssd" })).message).toBe(
    'no device is of class "ssd"; there are no classes',
  );
  const ssd = done(MAP, { type: "crushSetDeviceClass", osds: osds(0, 4), deviceClass: "ssd" }).map;
  const { map } = done(ssd, create({ deviceClass: "ssd" }));
  expect(map.crush.itemNames.get(map.crush.rules[2]?.steps[0]?.arg1 ?? 0)).toBe("default~ssd");
  expect(already(map, create({ deviceClass: "ssd" }))).toBe('rule "racks" is there already');
  expect(refusal(map, create()).code).toBe("EXISTS");
});

test("a rule has a root and a failure domain that there are", () => {
  expect(refusal(MAP, create({ root: "x" })).code).toBe("NOT_FOUND");
  expect(refusal(MAP, create({ root: "osd.1" })).code).toBe("INVALID");
  expect(refusal(MAP, create({ failureDomain: "row" })).message).toBe(
    'there is no type "row"; types: osd, host, rack, root',
  );
  expect(refusal(MAP, create({ name: "a b" })).code).toBe("INVALID");
});

test("a rule is removed unless it places a pool", () => {
  const { map } = done(MAP, create());
  const { map: removed, what } = done(map, { type: "crushRemoveRule", name: "racks" });
  expect(what).toBe('remove rule "racks"');
  expect([...removed.crush.ruleNames.values()]).toEqual(["replicated", "erasure"]);
  expect(refusal(MAP, { type: "crushRemoveRule", name: "replicated" })).toEqual({
    code: "IN_USE",
    message: 'rule "replicated" is that of pools rbd, data; give them another first',
  });
  expect(refusal(MAP, { type: "crushRemoveRule", name: "x" }).message).toBe(
    'there is no CRUSH rule "x"; rules: replicated, erasure',
  );
  const moved = done(map, { type: "poolSet", name: "rbd", rule: "racks", confirm: false }).map;
  expect(refusal(moved, { type: "crushRemoveRule", name: "racks" }).message).toContain("pool rbd;");
});
