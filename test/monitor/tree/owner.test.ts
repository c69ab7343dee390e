import { expect, test } from "vitest";
import {
  CONTAINER_OWNER,
  isEphemeral,
  NO_OWNER,
  ownerKind,
  shownOwner,
  TTL_MAX,
  ttlOf,
  ttlOwner,
} from "../../../monitor/tree/owner.ts";
import { DEFAULT_SETTINGS } from "../../../monitor/tree/settings.ts";

const EXTENDED = { ...DEFAULT_SETTINGS, extendedTypes: true };

test.each([
  [NO_OWNER, "none", 0n],
  [2 ** 33 + 7, "session", BigInt(2 ** 33 + 7)],
  [CONTAINER_OWNER, "container", 0n],
  [ttlOwner(1), "ttl", 0n],
  [ttlOwner(TTL_MAX), "ttl", 0n],
])("%i is of kind %s and shown as %s", (owner, kind, shown) => {
  expect(ownerKind(owner)).toBe(kind);
  expect(shownOwner(owner, EXTENDED)).toBe(shown);
  expect(isEphemeral(owner, EXTENDED)).toBe(kind === "session");
});

test("a time to live comes back", () => {
  for (const ttl of [1, 2, 1000, TTL_MAX]) expect(ttlOf(ttlOwner(ttl))).toBe(ttl);
});

test("with extended types off again, a time to live looks like a session", () => {
  const owner = ttlOwner(0x12345);
  expect(isEphemeral(owner, DEFAULT_SETTINGS)).toBe(true);
  expect(BigInt.asUintN(64, shownOwner(owner, DEFAULT_SETTINGS))).toBe(0xff00000000012345n);
  expect(isEphemeral(CONTAINER_OWNER, DEFAULT_SETTINGS)).toBe(false);
});
