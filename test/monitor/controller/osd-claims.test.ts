import { expect, test } from "vitest";
import { osdId } from "../../../cluster/base/ids.ts";
import {
  CLAIM_LENGTH_MAX,
  claimProblem,
  osdOfStore,
} from "../../../monitor/controller/osd-claims.ts";
import { osdMapWorld } from "../../cluster/map/osd-map-world.ts";

const CLAIMS = {
  uuid: "00000000-0000-4000-8000-000000000000",
  host: "h-1.example_x",
  deviceClass: "ssd",
  address: "[::1]:6800",
  heartbeatAddress: "127.0.0.1:6801",
  version: "0.1.0",
};

const longest = "h".repeat(CLAIM_LENGTH_MAX);

const FINE: readonly Partial<typeof CLAIMS>[] = [
  {},
  { deviceClass: "", version: "" },
  { host: longest },
];
const WRONG: readonly Partial<typeof CLAIMS>[] = [
  { uuid: "" },
  { uuid: "0".repeat(65) },
  { uuid: "a b" },
  { host: "" },
  { host: "hörn" },
  { host: `${longest}h` },
  { host: "a/b" },
  { deviceClass: "s s" },
  { address: "" },
  { heartbeatAddress: "a\nb" },
  { version: "\u0000" },
];

for (const given of FINE) {
  test(`${JSON.stringify(given).slice(0, 40)} can be in a map`, () => {
    expect(claimProblem({ ...CLAIMS, ...given })).toBe(undefined);
  });
}
for (const given of WRONG) {
  test(`${JSON.stringify(given).slice(0, 40)} cannot`, () => {
    expect(claimProblem({ ...CLAIMS, ...given })).toMatchObject({ code: "INVALID" });
  });
}

test("what an empty directory says of itself is enough", () => {
  const { uuid, host, deviceClass } = CLAIMS;
  expect(claimProblem({ uuid, host, deviceClass })).toBe(undefined);
});

test("a store is found by its uuid", () => {
  const map = osdMapWorld({ racks: 1, hosts: 1, osds: 2 });
  expect(osdOfStore(map, "00000000-0000-4000-8000-000000000001")).toBe(osdId(1));
  expect(osdOfStore(map, "another")).toBe(undefined);
});
