import fc from "fast-check";
import { expect, test } from "vitest";
import { javaDate, javaDouble, javaHex } from "../../../monitor/zookeeper/java-text.ts";

test.each([
  [0, "0.0"],
  [3, "3.0"],
  [1.25, "1.25"],
  [1.22543, "1.2254"],
  [0.00004, "0.0"],
])("%d is printed as %s", (value, text) => {
  expect(javaDouble(value)).toBe(text);
});

test.each([
  [0, "0"],
  [0x1_0000_0002, "100000002"],
  [-1, "ffffffffffffffff"],
])("%d in hexadecimal is %s", (value, text) => {
  expect(javaHex(value)).toBe(text);
});

test("a date is what the calendar says", () => {
  expect(javaDate(1_795_601_887_000)).toBe("Wed Nov 25 10:18:07 UTC 2026");
  const withoutDate = fc.integer({ min: -1e12, max: 4e12 });
  fc.assert(
    fc.property(withoutDate, (wallMs) => {
      const [weekday, day, month, year, time] = new Date(wallMs)
        .toUTCString()
        .replace(",", "")
        .split(" ");
      expect(javaDate(wallMs)).toBe(`${weekday} ${month} ${day} ${time} UTC ${year}`);
    }),
  );
});
