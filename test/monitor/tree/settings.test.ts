import { expect, test } from "vitest";
import { decode, encode } from "../../../cluster/wire/codec.ts";
import { DEFAULT_SETTINGS, isSameSettings, treeSettings } from "../../../monitor/tree/settings.ts";

test("settings are the same after a way over the wire", () => {
  const settings = { ...DEFAULT_SETTINGS, config: Uint8Array.of(1, 2) };
  expect(isSameSettings(settings, decode(treeSettings, encode(treeSettings, settings)))).toBe(true);
});

test.each([
  { superDigest: "super:x" },
  { skipAcl: true },
  { extendedTypes: true },
  { ipv6Acls: false },
  { config: Uint8Array.of(1) },
])("settings differ if %j differs", (difference) => {
  expect(isSameSettings(DEFAULT_SETTINGS, { ...DEFAULT_SETTINGS, ...difference })).toBe(false);
});
