import { beforeEach, describe, expect, test } from "vitest";
import { ClusterError } from "../../../cluster/base/error.ts";
import { peerName } from "../../../cluster/base/ids.ts";
import type { ControllerMessage } from "../../../cluster/message/controller.ts";
import { ControllerWorld } from "../../monitor/controller-world.ts";

const A = peerName("mon.1");
const B = peerName("mon.2");
const QUESTION = { type: "askHealth" } as const;
const HEALTHY: ControllerMessage = {
  type: "health",
  health: { status: "HEALTH_OK", checks: [] },
};
const NOT: ControllerMessage = { type: "notController" };

let world: ControllerWorld;
beforeEach(async () => {
  world = await ControllerWorld.open();
});

describe("whoever asks", () => {
  test("is answered by the one that leads, and asks it again without looking", async () => {
    let count = 0;
    await world.candidate(A, async () => {
      count += 1;
      return HEALTHY;
    });
    await world.candidate(B, async () => NOT);
    const asker = world.asker();
    expect(await world.until(asker.request(QUESTION))).toEqual(HEALTHY);
    world.server.log.length = 0;
    await world.until(asker.request(QUESTION));
    expect([count, world.server.log.filter((line) => line.startsWith("get"))]).toEqual([2, []]);
  });

  test("waits until somebody leads", async () => {
    const asking = world.asker().request(QUESTION);
    asking.catch(() => {});
    await world.pass(3_000);
    await world.candidate(A, async () => HEALTHY);
    expect(await world.until(asking)).toEqual(HEALTHY);
  });

  test("asks the next one when the first says that it is none any more", async () => {
    let isDeposed = false;
    const first = await world.candidate(A, async () => (isDeposed ? NOT : HEALTHY));
    const asked: string[] = [];
    await world.candidate(B, async ({ from }) => {
      asked.push(from);
      return HEALTHY;
    });
    const asker = world.asker();
    await world.until(asker.request(QUESTION));
    isDeposed = true;
    await world.until(first.election.stop());
    expect(await world.until(asker.request(QUESTION))).toEqual(HEALTHY);
    expect(asked).toEqual(["client.asker"]);
  });

  test("asks the next one when the first is dead, as soon as it is out of the election", async () => {
    const first = await world.candidate(A, async () => HEALTHY);
    await world.candidate(B, async () => HEALTHY);
    const asker = world.asker();
    await world.until(asker.request(QUESTION));
    await world.until(first.messenger.close(0));
    const asking = asker.request(QUESTION);
    asking.catch(() => {});
    await world.pass(4_000);
    await world.until(first.election.stop());
    expect(await world.until(asking)).toEqual(HEALTHY);
  });

  test("asks again where one does not answer in time", async () => {
    let count = 0;
    await world.candidate(A, () => {
      count += 1;
      return count === 1 ? new Promise(() => {}) : Promise.resolve(HEALTHY);
    });
    const fromMs = world.clock.nowMs();
    expect(await world.until(world.asker().request(QUESTION))).toEqual(HEALTHY);
    expect(world.clock.nowMs() - fromMs).toBeGreaterThanOrEqual(5_000);
    expect(count).toBe(2);
  });

  test("goes on while there is no server to say who leads", async () => {
    await world.candidate(A, async () => HEALTHY);
    const asker = world.asker();
    world.server.isUnwilling = true;
    world.server.cut();
    const asking = asker.request(QUESTION);
    asking.catch(() => {});
    await world.pass(5_000);
    world.server.isUnwilling = false;
    expect(await world.until(asking)).toEqual(HEALTHY);
  });
});

describe("whoever asks for too long is told why", () => {
  const failure = async (asker = world.asker(), timeoutMs = 2_000): Promise<unknown> =>
    world.until(asker.request(QUESTION, { timeoutMs }).catch((error: unknown) => error));

  test("that nobody stands for election", async () => {
    expect(await failure()).toMatchObject({
      code: "TIMEOUT",
      message: expect.stringContaining("no controller stands for election"),
    });
  });

  test("or what came of the last attempt", async () => {
    const { messenger } = await world.candidate(A, async () => HEALTHY);
    await world.until(messenger.close(0));
    expect(await failure()).toMatchObject({
      code: "TIMEOUT",
      message: expect.stringMatching(/within 2000 ms: .*mon\.1/),
    });
  });

  test("at once where asking again would not help", async () => {
    await world.candidate(A, () => Promise.reject(new ClusterError("STORE_FULL", "no room")));
    const fromMs = world.clock.nowMs();
    expect(await failure()).toMatchObject({ code: expect.not.stringMatching(/TIMEOUT/) });
    expect(world.clock.nowMs() - fromMs).toBeLessThan(500);
  });
});

test("a node of the election that says nothing that can be read is nobody", async () => {
  const { election } = await world.candidate(A, async () => HEALTHY);
  world.server.change(election.ownPath ?? "", new Uint8Array([255, 1, 2]));
  const asked = world.asker().request(QUESTION, { timeoutMs: 1_000 });
  await expect(world.until(asked)).rejects.toMatchObject({ code: "TIMEOUT" });
});
