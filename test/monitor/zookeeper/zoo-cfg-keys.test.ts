import { expect, test } from "vitest";
import {
  isZooKey,
  plainKey,
  REFUSED,
  reasonIgnored,
  ZOO_SETTINGS,
} from "../../../monitor/zookeeper/zoo-cfg-keys.ts";

test("a Java property's prefix makes no difference", () => {
  expect(plainKey("zookeeper.skipACL")).toBe("skipACL");
  expect(plainKey("skipACL")).toBe("skipACL");
});

test("no key is both used and ignored or refused", () => {
  const used = Object.keys(ZOO_SETTINGS).filter((key) => !key.startsWith("metricsProvider."));
  expect(used.filter((key) => reasonIgnored(key) !== undefined || REFUSED.has(key))).toEqual([]);
});

test("only own names are keys", () => {
  expect(isZooKey("clientPort")).toBe(true);
  expect(isZooKey("toString")).toBe(false);
});

test.each([
  ["clientPort", "2181", 2181],
  ["clientPort", "0", undefined],
  ["tickTime", "+2000", 2000],
  ["tickTime", "2s", undefined],
  ["minSessionTimeout", "-1", -1],
  ["skipACL", "yes", true],
  ["skipACL", "true", undefined],
  ["extendedTypesEnabled", "TRUE", true],
  ["quorumListenOnAllIPs", "1", undefined],
  ["dataDir", "", undefined],
  ["jute.maxbuffer", "4194304", 4 << 20],
  ["jute.maxbuffer", "4194305", undefined],
  ["kelp.reapIntervalMs", "1000", 1000],
  ["kelp.reapIntervalMs", "999", undefined],
] as const)("%s=%s", (key, text, value) => {
  expect(ZOO_SETTINGS[key].parse(text)).toBe(value);
});
