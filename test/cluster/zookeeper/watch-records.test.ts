import { expect, test } from "vitest";
import { EVENT_TYPES, eventTypeOf } from "../../../cluster/zookeeper/watch-records.ts";

test("every event's number has its name, and other numbers have none", () => {
  for (const [name, type] of Object.entries(EVENT_TYPES)) expect(eventTypeOf(type)).toBe(name);
  expect(eventTypeOf(0)).toBeUndefined();
  expect(eventTypeOf(8)).toBeUndefined();
});
