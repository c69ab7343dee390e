import { expect, test } from "vitest";
import { Signal } from "../../../../cluster/zookeeper/recipe/signal.ts";

test("a signal settles when it is raised, and may be raised before anybody waits, and again", async () => {
  const signal = new Signal();
  expect(signal.isRaised).toBe(false);
  signal.raise();
  signal.raise();
  expect(signal.isRaised).toBe(true);
  await signal.raised;
});
