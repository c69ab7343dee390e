import { describe, expect, test } from "vitest";
import { isAddressPattern, matchesAddress } from "../../../monitor/tree/ip-pattern.ts";

const BOTH = { ipv6Acls: true };

describe("what is a pattern", () => {
  test.each([
    ["1.2.3.4", true],
    ["1.2.3.4/0", true],
    ["1.2.3.4/32", true],
    ["1.2.3.4/+8", true],
    ["+1.-0.3.4", true],
    ["1.2.3.4/33", false],
    ["1.2.3.4/-1", false],
    ["1.2.3.4/", false],
    ["1.2.3.4/8/8", false],
    ["1.2.3", false],
    ["1.2.3.4.", false],
    ["1.2.3.256", false],
    ["1.2.3.4 ", false],
    ["", false],
    ["localhost", false],
    ["::1", true],
    ["fe80::1/64", true],
    ["1:2:3:4:5:6:7:8/128", true],
    ["1:2:3:4:5:6:7:8/129", false],
    ["1:2:3:4:5:6:7", false],
    ["1:2:3:4:5:6:7::8", false],
    ["::1::", false],
    ["::12345", false],
    ["::g", false],
    [":::", false],
    ["::", true],
  ])("%j: %s", (pattern, valid) => {
    expect(isAddressPattern(pattern, BOTH)).toBe(valid);
  });

  test("as in ZooKeeper 3.8, no IPv6 address where that is not wanted", () => {
    expect(isAddressPattern("::1", { ipv6Acls: false })).toBe(false);
    expect(matchesAddress("::1", "::1", { ipv6Acls: false })).toBe(false);
    expect(isAddressPattern("1.2.3.4", { ipv6Acls: false })).toBe(true);
  });
});

describe("what a pattern matches", () => {
  test.each([
    ["10.1.2.3", "10.1.2.3", true],
    ["10.1.2.3", "10.1.2.4", false],
    ["10.1.2.3", "10.0.0.0/8", true],
    ["10.1.2.3", "10.1.2.2/31", true],
    ["10.1.2.3", "10.1.2.4/31", false],
    ["10.129.2.3", "10.128.0.0/9", true],
    ["10.127.2.3", "10.128.0.0/9", false],
    ["10.1.2.3", "192.168.0.0/0", true],
    ["fe80::1:2", "fe80::/10", true],
    ["fec0::1:2", "fe80::/10", false],
    ["0:0:0:0:0:0:0:1", "::1", true],
    ["::1", "0.0.0.0/0", false],
    ["10.1.2.3", "::/0", false],
    ["nonsense", "10.0.0.0/8", false],
    ["10.1.2.3", "nonsense", false],
  ])("%s by %s: %s", (address, pattern, matches) => {
    expect(matchesAddress(address, pattern, BOTH)).toBe(matches);
  });
});
