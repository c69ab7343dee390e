import { describe, expect, test } from "vitest";
import { meantNames, unknownName } from "../../cli/did-you-mean.ts";
import type { Command } from "../../cluster/message/command.ts";
import { osdMapWorld } from "../cluster/map/osd-map-world.ts";

const MAP = osdMapWorld(
  { racks: 1, hosts: 2, osds: 1 },
  {
    pools: [
      { pgNum: 1, name: "images" },
      { pgNum: 1, name: "rbd" },
    ],
  },
);
const names = (command: Command): string | undefined => meantNames(MAP, command);

describe("a name that is not there", () => {
  test("is compared with what could stand in its place", () => {
    const confirm = true;
    expect(names({ type: "poolDelete", name: "imagse", nameAgain: "imagse", confirm })).toBe(
      "images",
    );
    expect(names({ type: "crushMove", item: "hostt1", parent: "rack0" })).toBe("host1");
    expect(names({ type: "poolRename", from: "rdb", to: "x" })).toBe("rbd");
    expect(names({ type: "crushTunables", profile: "jewl" })).toBe("jewel");
  });

  test("like no other is left alone, as are names that are there and new ones", () => {
    expect(names({ type: "poolRename", from: "quite-another", to: "rbd1" })).toBeUndefined();
    expect(names({ type: "poolRename", from: "rbd", to: "imagse" })).toBeUndefined();
    expect(names({ type: "osdIn", osds: [] })).toBeUndefined();
  });

  test("is told with what there is", () => {
    expect(unknownName({ kind: "pool" }, "rbdd", ["rbd", "data"])).toBe(
      'there is no pool "rbdd" (did you mean rbd?); pools: rbd, data',
    );
    expect(unknownName({ kind: "pool" }, "x", [])).toBe('there is no pool "x"; there are no pools');
    const many = Array.from({ length: 13 }, (_, at) => `p${at}`);
    expect(unknownName({ kind: "pool" }, "zzzz", many)).toMatch(/, p9 and 3 more$/);
  });
});
