import { expect, test } from "vitest";
import { BLOCKLIST_LENGTH_MAX } from "../../../../monitor/controller/command/blocklist.ts";
import { already, done, MAP, refusal } from "./desk.ts";

const address = "10.0.0.1:0/42";
const NOW = 1_000_000;

test("a client is blocked for an hour, or for as long as is said", () => {
  const hour = done(MAP, { type: "blocklistAdd", address });
  expect(hour.what).toBe("block 10.0.0.1:0/42 for 3600 s");
  expect(hour.map.blocklist).toEqual(new Map([[address, NOW + 3_600_000]]));
  expect(already(hour.map, { type: "blocklistAdd", address, durationMs: 5 })).toBe(
    "10.0.0.1:0/42 is blocked for that long already",
  );
  const longer = done(hour.map, { type: "blocklistAdd", address, durationMs: 7_200_000 });
  expect(longer.map.blocklist.get(address)).toBe(NOW + 7_200_000);
});

test("what has expired makes room", () => {
  const entries = Array.from(
    { length: BLOCKLIST_LENGTH_MAX },
    (_, index) => [`c${index}`, NOW + 1] as const,
  );
  const map = { ...MAP, blocklist: new Map(entries) };
  expect(refusal(map, { type: "blocklistAdd", address }).code).toBe("LATER");
  const later = done(map, { type: "blocklistAdd", address }, { wallMs: NOW + 1 });
  expect([...later.map.blocklist.keys()]).toEqual([address]);
});

test("a client is taken off the list", () => {
  const { map } = done(MAP, { type: "blocklistAdd", address });
  const { map: free, what } = done(map, { type: "blocklistRemove", address });
  expect(what).toBe("take 10.0.0.1:0/42 off the blocklist");
  expect(free.blocklist.size).toBe(0);
  expect(already(map, { type: "blocklistRemove", address: "x" })).toBe(
    "x is not blocked; blocked clients: 10.0.0.1:0/42",
  );
});

test("an address is a word, and a time is not endless", () => {
  for (const wrong of ["", "a b", "x".repeat(129)]) {
    expect(refusal(MAP, { type: "blocklistAdd", address: wrong }).code).toBe("INVALID");
  }
  for (const durationMs of [0, Number.MAX_SAFE_INTEGER]) {
    expect(refusal(MAP, { type: "blocklistAdd", address, durationMs }).code).toBe("INVALID");
  }
});
