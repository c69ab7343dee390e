import { expect, test } from "vitest";
import {
  CHILDREN_LOG_MIN,
  cloneLog,
  concurrentLog,
  grownLog,
  iterationOrder,
  javaHash,
  javaIdHash,
} from "../../../monitor/tree/java-order.ts";

function ordered(names: readonly string[], log: number): string[] {
  const hashes = Int32Array.from(names, (name) => javaHash(name));
  return Array.from(iterationOrder(hashes, log), (at) => names[at] as string);
}

test.each([
  ["", 0],
  ["a", 97],
  ["Aa", 2112],
  ["BB", 2112],
  ["zookeeper", 1_600_681_804],
])("the hash of %j is Java's, spread by its upper half", (text, hash) => {
  expect(javaHash(text)).toBe(hash ^ (hash >>> 16));
});

test("the order is that which OpenJDK 17 gives, in a set that has shrunk and in its copy", () => {
  // Made by adding node-%010d of every 37th number from 0, zookeeper and é to a HashSet of 8, and
  // removing the first 30; then by its clone().
  const numbers = Array.from({ length: 10 }, (_, at) => 37 * (30 + at));
  const names = numbers.map((number) => `node-${String(number).padStart(10, "0")}`);
  const inSet = ordered([...names, "zookeeper", "é"], grownLog(0, 42, CHILDREN_LOG_MIN));
  const short = (name: string) => name.replace("node-000000", "");
  expect(inSet.map(short).join(" ")).toBe(
    "1221 1147 1443 1184 1369 1406 1110 1295 1258 zookeeper 1332 é",
  );
  expect(ordered(inSet, cloneLog(inSet.length)).map(short).join(" ")).toBe(
    "1221 1110 1295 1258 zookeeper 1147 1443 1332 é 1184 1369 1406",
  );
});

test("a part of a text has the hash of that part", () => {
  expect(javaHash("/parent/child", 8)).toBe(javaHash("child"));
});

test.each([
  ["world", "anyone", -1514785795],
  ["", "", 17 * 37 * 37],
])("the hash of the id %s:%s is that of ZooKeeper's record, spread", (scheme, id, hash) => {
  expect(javaIdHash({ scheme, id })).toBe(hash ^ (hash >>> 16));
});

test.each([
  [1, 4],
  [11, 4],
  [12, 5],
  [23, 5],
  [24, 6],
])("a ConcurrentHashMap of %i elements has 2^%i buckets", (count, log) => {
  expect(concurrentLog(count)).toBe(log);
});

test("names come by bucket, and in one bucket as they were added", () => {
  // a, b and c have the codes 97, 98 and 99; Aa and BB collide in every table.
  expect(ordered(["c", "b", "a"], 3)).toEqual(["a", "b", "c"]);
  expect(ordered(["BB", "Aa"], 3)).toEqual(["BB", "Aa"]);
  expect(ordered(["Aa", "BB"], 3)).toEqual(["Aa", "BB"]);
  expect(ordered(["i", "a"], 3), "105 and 97 are one bucket of 8").toEqual(["i", "a"]);
  expect(ordered(["i", "a"], 4), "and two of 16").toEqual(["a", "i"]);
});

test.each([
  [0, 0, 3],
  [0, 6, 3],
  [0, 7, 4],
  [0, 12, 4],
  [0, 13, 5],
  [5, 1, 5],
  [4, 100, 8],
])("a table of 2^%i with %i elements becomes one of 2^%i", (log, count, grown) => {
  expect(grownLog(log, count, CHILDREN_LOG_MIN)).toBe(grown);
});

test.each([
  [0, 0],
  [1, 1],
  [2, 2],
  [3, 3],
  [5, 3],
  [6, 4],
  [11, 4],
  [12, 5],
])("a copy of %i elements has 2^%i buckets", (count, log) => {
  expect(cloneLog(count)).toBe(log);
});
