import { expect, test } from "vitest";
import type { OsdMap } from "../../../../cluster/map/osd-map.ts";
import type { Command } from "../../../../cluster/message/command.ts";
import { already, done, MAP, osds, refusal } from "./desk.ts";

const set = (deviceClass: string, ...ids: number[]): Command => ({
  type: "crushSetDeviceClass",
  osds: osds(...ids),
  deviceClass,
});
const remove = (...ids: number[]): Command => ({
  type: "crushRemoveDeviceClass",
  osds: osds(...ids),
});
const classes = ({ crush }: OsdMap) =>
  Array.from({ length: 8 }, (_, id) => crush.classNames.get(crush.itemClasses.get(id) ?? -1));

test("a class is set for several OSDs at once, with its shadow tree", () => {
  const { map, what } = done(MAP, set("ssd", 0, 4));
  expect(what).toBe('set the class of osd.0, osd.4 to "ssd"');
  expect(classes(map).flatMap((name, id) => (name === "ssd" ? [id] : []))).toEqual([0, 4]);
  expect([...map.crush.itemNames.values()]).toContain("default~ssd");
  expect(already(map, set("ssd", 0, 4))).toBe('osd.0, osd.4 are of class "ssd" already');
});

test("an OSD with another class keeps it until that is taken away", () => {
  const { map } = done(MAP, set("ssd", 0));
  expect(refusal(map, set("hdd", 1, 0))).toEqual({
    code: "IN_USE",
    message: 'osd.0 has the class "ssd"; take it away first (crush rm-device-class)',
  });
  const { map: free, what } = done(map, remove(0, 1));
  expect(what).toBe("take the class of osd.0, osd.1 away");
  expect(free.crush.classNames.size).toBe(0);
  expect(already(free, remove(0))).toBe("osd.0 is of no class");
});

test("only devices of the CRUSH map have a class, and it has a plain name", () => {
  expect(refusal(MAP, set("ssd", 0, 9)).message).toBe("osd.9 is not in the CRUSH map");
  expect(refusal(MAP, remove(8, 9)).message).toBe("osd.8, osd.9 are not in the CRUSH map");
  expect(refusal(MAP, set("ssd")).message).toBe("no OSD is named");
  expect(refusal(MAP, set("a b", 0)).code).toBe("INVALID");
});
