import { expect, test } from "vitest";
import { setDeviceClass } from "../../../../crush/builder.ts";
import {
  bucketNamed,
  itemName,
  itemNamed,
  parentsOf,
} from "../../../../monitor/controller/command/crush-names.ts";
import { isRefusal } from "../../../../monitor/controller/command/sentence.ts";
import { MAP } from "./desk.ts";

const crush = setDeviceClass(MAP.crush, { device: "osd.0", deviceClass: "ssd" });

test("items are found by their names, shadow buckets are not", () => {
  expect(itemNamed(crush, "osd.3")).toBe(3);
  const host = bucketNamed(crush, "host1");
  if (isRefusal(host)) throw new Error(host.message);
  expect(host.items).toEqual([2, 3]);
  expect(itemName(crush, host.id)).toBe("host1");
  expect([...crush.itemNames.values()]).toContain("host0~ssd");
  const buckets = "buckets: host0, host1, host2, host3, rack0, rack1, default";
  expect(itemNamed(crush, "host0~ssd")).toMatchObject({
    code: "NOT_FOUND",
    message: `there is no device or bucket "host0~ssd" in the CRUSH map; ${buckets}`,
  });
  expect(bucketNamed(crush, "osd.1")).toMatchObject({
    code: "INVALID",
    message: `"osd.1" is a device, not a bucket; ${buckets}`,
  });
});

test("an item's parents are those buckets that people made", () => {
  expect(parentsOf(crush, 0).map(({ id }) => itemName(crush, id))).toEqual(["host0"]);
  expect(parentsOf(crush, 77)).toEqual([]);
  expect([itemName(crush, 77), itemName(crush, -77)]).toEqual(["osd.77", "bucket -77"]);
});
