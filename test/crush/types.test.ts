import { expect, test } from "vitest";
import { makeBucket } from "../../crush/make-bucket.ts";
import { OPTIMAL_TUNABLES } from "../../crush/tunables.ts";
import { bucketOf, type CrushMap, chooseArgsFor, NONE, slotOf } from "../../crush/types.ts";

const host = makeBucket({ id: -2, type: 1, alg: "straw2", hash: 0, items: [], weights: [] }, 1);
const none = new Map();
const map: CrushMap = {
  buckets: [undefined, host],
  rules: [],
  maxDevices: 3,
  tunables: OPTIMAL_TUNABLES,
  typeNames: none,
  itemNames: none,
  ruleNames: none,
  classNames: none,
  itemClasses: none,
  classBuckets: none,
  chooseArgs: none,
};

test("bucket -1 lives in slot 0, and so on", () => {
  expect([-1, -2, -9].map(slotOf)).toEqual([0, 1, 8]);
});

test("there is a bucket only where an id has one", () => {
  expect(bucketOf(map, -2)).toBe(host);
  for (const id of [-1, -3, 0, 1, NONE]) expect(bucketOf(map, id)).toBeUndefined();
});

test("choose_args are those of the key, else the default ones, else none", () => {
  const [own, common] = [new Map(), new Map()];
  const chooseArgs = new Map([
    [7, own],
    [-1, common],
  ]);
  expect(chooseArgsFor({ ...map, chooseArgs }, 7)).toBe(own);
  expect(chooseArgsFor({ ...map, chooseArgs }, 8)).toBe(common);
  expect(chooseArgsFor(map, 7)).toBeUndefined();
});
