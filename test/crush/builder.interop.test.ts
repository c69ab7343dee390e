/**
 * Edits beside those of Ceph's own crushtool on random maps from seeds: the maps that come out print
 * alike. Maps with choose_args are left out, because there crushtool adds weight sets to buckets
 * that had none, and buckets other than straw2, at the removal from which it may crash. A class that
 * no device has goes away with the next edit here, and with some of them there.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { present } from "../../cluster/base/assert.ts";
import { createPrng, randomPick } from "../../cluster/base/prng.ts";
import { decodeBinary, encodeBinary } from "../../crush/binary.ts";
import { addDevice, moveItem, removeItem, reweightItem } from "../../crush/builder.ts";
import { printText } from "../../crush/text-printer.ts";
import { bucketOf, type CrushMap, OPCODE } from "../../crush/types.ts";
import { interopTool } from "../support/interop.ts";
import { compiledOrNot, randomMapText } from "./random-text.ts";

const MAPS = 12;
const FIRST_SEED = 1;
const WEIGHT_ONE = 0x10000;
const NEW_ID = 60;

let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "kelp-builder-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

interface Case {
  readonly map: CrushMap;
  readonly device: string;
  readonly parent: string;
  readonly parentType: string;
}

/** The first maps, by seed, on which all edits can be compared. */
function cases(): [seed: number, Case][] {
  const found: [number, Case][] = [];
  for (let seed = FIRST_SEED; found.length < MAPS; seed += 1) {
    const prng = createPrng(seed);
    const map = compiledOrNot(randomMapText(prng));
    if (map === undefined || map.rules.length === 0 || map.chooseArgs.size > 0) continue;
    const buckets = map.buckets.filter((bucket) => bucket !== undefined);
    if (buckets.some(({ alg }) => alg !== "straw2")) continue;
    const taken = map.rules
      .flatMap((rule) => rule?.steps ?? [])
      .filter(({ op }) => op === OPCODE.take);
    const plain = buckets.filter(({ id }) => !map.itemNames.get(id)?.includes("~"));
    const devices = plain.flatMap(({ items }) => items.filter((item) => item >= 0));
    const classes = devices.map((device) => map.itemClasses.get(device));
    if ([...map.classNames.keys()].some((classId) => !classes.includes(classId))) continue;
    const free = devices.filter((id) => !taken.some(({ arg1 }) => arg1 === id));
    if (free.length === 0) continue;
    const id = randomPick(prng, free);
    const others = plain.filter(({ items }) => !items.includes(id));
    if (others.length === 0) continue;
    const parent = randomPick(prng, others);
    const nameOf = (item: number): string => present(map.itemNames.get(item), "the name");
    const parentType = present(map.typeNames.get(bucketOf(map, parent.id)?.type ?? 0), "its type");
    found.push([seed, { map, device: nameOf(id), parent: nameOf(parent.id), parentType }]);
  }
  return found;
}

/** The map after crushtool's edit, as text. */
function theirs(map: CrushMap, words: readonly string[]): string {
  const [before, after] = [join(folder, "before"), join(folder, "after")];
  writeFileSync(before, encodeBinary(map));
  rmSync(after, { force: true });
  const { stderr } = spawnSync("crushtool", ["-i", before, ...words, "-o", after], {
    encoding: "utf8",
  });
  expect([words, stderr, existsSync(after)]).toEqual([words, expect.anything(), true]);
  return printText(decodeBinary(readFileSync(after)));
}

interopTool({ command: "crushtool", debianPackage: "ceph-base" })("beside crushtool", () => {
  test.each(cases())("the map of seed %i is edited alike", (_, given) => {
    const { map, device, parent, parentType } = given;
    const place = ["--loc", parentType, parent];
    expect(printText(reweightItem(map, { item: device, weight: 2.5 * WEIGHT_ONE }))).toBe(
      theirs(map, ["--reweight-item", device, "2.5"]),
    );
    expect(printText(removeItem(map, device))).toBe(theirs(map, ["--remove-item", device]));
    expect(printText(moveItem(map, { item: device, parent }))).toBe(
      theirs(map, ["--move", device, ...place]),
    );
    const added = { id: NEW_ID, name: "osd.new", weight: 1.5 * WEIGHT_ONE, parent };
    expect(printText(addDevice(map, added))).toBe(
      theirs(map, ["--add-item", String(NEW_ID), "1.5", "osd.new", ...place]),
    );
  });
});
