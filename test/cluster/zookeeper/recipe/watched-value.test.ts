import { describe, expect, test } from "vitest";
import { textOf, utf8 } from "../../../../cluster/base/bytes.ts";
import { WatchedValue } from "../../../../cluster/zookeeper/recipe/watched-value.ts";
import { ADDRESSES, ClientWorld } from "../client-world.ts";

async function start(): Promise<{
  world: ClientWorld;
  seen: string[];
  failures: unknown[];
  value: WatchedValue;
  sessionId: () => bigint;
}> {
  const world = new ClientWorld();
  await world.start(...ADDRESSES);
  const client = world.client();
  const seen: string[] = [];
  const failures: unknown[] = [];
  const value = new WatchedValue({
    client,
    path: "/v",
    onChange: (now) => seen.push(now === undefined ? "none" : textOf(now.data)),
    onFailure: (error) => failures.push(error),
  });
  await world.untilTrue(() => seen.length === 1);
  return { world, seen, failures, value, sessionId: () => client.sessionId };
}

describe("a watched value", () => {
  test("is told when it comes, changes and goes", async () => {
    const { world, seen, value } = await start();
    for (const data of ["1", "2", undefined, "3"]) {
      const count = seen.length;
      world.server.change("/v", data === undefined ? undefined : utf8(data));
      await world.untilTrue(() => seen.length > count);
    }
    expect(seen).toEqual(["none", "1", "2", "none", "3"]);
    expect(textOf(value.value?.data ?? utf8(""))).toBe("3");
  });

  test("of a quick row of changes, the last is told", async () => {
    const { world, seen } = await start();
    for (let count = 0; count < 50; count++) {
      world.server.change("/v", utf8(`${count}`));
      if (count % 7 === 0) await world.pass(1);
    }
    await world.untilTrue(() => seen.at(-1) === "49");
    const numbers = seen.slice(1).map(Number);
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b));
  });

  test("is told of what changed while the connection was lost", async () => {
    const { world, seen } = await start();
    world.server.isUnwilling = true;
    world.server.cut();
    await world.pass(200);
    world.server.change("/v", utf8("1"));
    world.server.isUnwilling = false;
    await world.untilTrue(() => seen.at(-1) === "1");
    world.server.cut();
    await world.pass(5000);
    expect(seen).toEqual(["none", "1"]);
  });

  test("is told no more once stopped", async () => {
    const { world, seen, value } = await start();
    await world.until(value.stop());
    world.server.change("/v", utf8("1"));
    await world.pass(1000);
    expect(seen).toEqual(["none"]);
  });

  test("says when it cannot be watched any more", async () => {
    const { world, failures, sessionId } = await start();
    world.server.expire(sessionId());
    await world.untilTrue(() => failures.length === 1);
    expect(failures).toMatchObject([{ code: "SESSIONEXPIRED" }]);
  });
});
