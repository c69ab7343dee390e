import { beforeEach, describe, expect, test } from "vitest";
import { present } from "../../../cluster/base/assert.ts";
import { epoch } from "../../../cluster/base/ids.ts";
import { encodeRecord } from "../../../cluster/coordination/map-nodes.ts";
import {
  MapSubscription,
  type MapSubscriptionOptions,
} from "../../../cluster/coordination/map-subscription.ts";
import { trimMap } from "../../../cluster/coordination/map-trimmer.ts";
import type { OsdMap } from "../../../cluster/map/osd-map.ts";
import type { ZooKeeperClient } from "../../../cluster/zookeeper/client.ts";
import { type Controller, changed, MapWorld } from "./map-world.ts";

let world: MapWorld;
let controller: Controller;
beforeEach(async () => {
  world = await MapWorld.start();
  controller = await world.controller({ checkpointEpochs: 5 });
});

interface Subscriber {
  readonly client: ZooKeeperClient;
  readonly subscription: MapSubscription;
  /** "3" for an epoch with its record, "=3" for one without. */
  readonly told: string[];
  readonly failures: unknown[];
}

function subscribe(options: Partial<MapSubscriptionOptions> = {}): Subscriber {
  const client = world.tree();
  const told: string[] = [];
  const failures: unknown[] = [];
  const subscription = new MapSubscription({
    client,
    log: world.log,
    onMap: (map, record) => {
      if (record !== undefined) expect(record.epoch).toBe(map.epoch);
      told.push(record === undefined ? `=${map.epoch}` : `${map.epoch}`);
    },
    onFailure: (error) => failures.push(error),
    ...options,
  });
  return { client, subscription, told, failures };
}

const reached = (subscriber: Subscriber, map: OsdMap): Promise<void> =>
  world.untilTrue(() => subscriber.subscription.map?.digest === map.digest);

describe("a subscription", () => {
  test("tells the newest map first, and then every epoch in order", async () => {
    await world.publish(controller, 3);
    const subscriber = subscribe();
    await reached(subscriber, controller.map);
    await world.publish(controller, 3);
    await world.publish(controller, 1, 70_000);
    await world.publish(controller, 2, 400_000);
    await reached(subscriber, controller.map);
    expect(subscriber.told).toEqual(["=3", "4", "5", "6", "7", "8", "9"]);
    expect(subscriber.subscription.map).toEqual(controller.map);
    expect(subscriber.failures).toEqual([]);
  });

  test("goes on from the map that it knew, without a gap", async () => {
    await world.publish(controller, 2);
    const known = controller.map;
    await world.publish(controller, 75);
    const subscriber = subscribe({ known });
    await reached(subscriber, controller.map);
    expect(subscriber.told).toEqual(Array.from({ length: 75 }, (_, index) => `${index + 3}`));
  });

  test("reads no more than the epoch node while it keeps up", async () => {
    const subscriber = subscribe();
    await world.publish(controller, 1);
    await reached(subscriber, controller.map);
    world.server.log.length = 0;
    for (let count = 0; count < 3; count++) {
      await world.publish(controller, 1);
      await reached(subscriber, controller.map);
    }
    expect(new Set(world.server.log.filter((line) => line.startsWith("get")))).toEqual(
      new Set(["getData /kelp/map/epoch"]),
    );
  });

  test("says that epochs are missing where history is gone", async () => {
    await world.publish(controller, 1);
    const known = controller.map;
    await world.publish(controller, 12);
    const check = present(controller.election.check(), "it leads");
    await world.until(trimMap({ client: controller.client, check }, epoch(13)));
    const subscriber = subscribe({ known });
    await reached(subscriber, controller.map);
    expect(subscriber.told).toEqual(["=13"]);
  });

  test("catches up after it was cut off, and after its session expired", async () => {
    const subscriber = subscribe();
    await world.publish(controller, 1);
    await reached(subscriber, controller.map);
    const gate = world.gateOf(subscriber.client);
    gate.close();
    await world.publish(controller, 3);
    gate.open();
    await reached(subscriber, controller.map);
    gate.close();
    await world.publish(controller, 3);
    world.server.expire(subscriber.client.sessionId);
    gate.open();
    await reached(subscriber, controller.map);
    expect(subscriber.told.slice(-6)).toEqual(["2", "3", "4", "5", "6", "7"]);
    expect(subscriber.failures).toEqual([]);
  });

  test("reads anew, once, when what it knew is not what was published", async () => {
    await world.publish(controller, 3);
    const known = { ...controller.map, digest: 1n };
    const subscriber = subscribe({ known });
    await reached(subscriber, controller.map);
    await world.publish(controller, 1);
    await reached(subscriber, controller.map);
    expect(subscriber.told).toEqual(["=3", "4"]);
    expect(world.logged).toEqual([expect.stringContaining("is read anew")]);
  });

  test("ends where the map is damaged, and says so", async () => {
    await world.publish(controller, 3);
    world.server.nodes.delete("/kelp/map/inc/2");
    const subscriber = subscribe();
    await world.untilTrue(() => subscriber.failures.length > 0);
    expect(subscriber.failures).toMatchObject([{ code: "STORE_CORRUPT" }]);
    expect(subscriber.told).toEqual([]);
  });

  test("ends where the tree is older than what it knew: it is not the same tree", async () => {
    const { map } = changed(controller.map);
    const subscriber = subscribe({ known: map });
    await world.untilTrue(() => subscriber.failures.length > 0);
    expect(subscriber.failures).toMatchObject([
      { code: "STORE_CORRUPT", message: expect.stringContaining("ends at epoch 0") },
    ]);
  });

  test("tells nothing after it was stopped", async () => {
    const subscriber = subscribe();
    await world.publish(controller, 1);
    await reached(subscriber, controller.map);
    await world.until(subscriber.subscription.stop());
    const told = [...subscriber.told];
    await world.publish(controller, 1);
    await world.pass(1000);
    expect(subscriber.told).toEqual(told);
  });
});

describe("peers", () => {
  test("hand over what is new, so that who is cut off from the tree follows all the same", async () => {
    const [ahead, behind] = [subscribe(), subscribe()];
    await world.publish(controller, 1);
    await reached(ahead, controller.map);
    await reached(behind, controller.map);
    const gate = world.gateOf(behind.client);
    gate.close();
    await world.publish(controller, 4);
    await reached(ahead, controller.map);
    behind.subscription.offer(ahead.subscription.recordsSince(epoch(1)));
    expect(behind.subscription.map).toEqual(controller.map);
    gate.open();
    await world.publish(controller, 1);
    await reached(behind, controller.map);
    expect(behind.told.slice(-5)).toEqual(["2", "3", "4", "5", "6"]);
    expect(behind.subscription.recordsSince(epoch(1))).toEqual(
      ahead.subscription.recordsSince(epoch(1)),
    );
    expect(behind.failures).toEqual([]);
  });

  test("may offer what is old, what leaves a gap or makes no sense, to no effect", async () => {
    const subscriber = subscribe();
    const first = changed(controller.map, { host: "one" });
    const second = changed(first.map, { host: "two" });
    const third = changed(second.map, { host: "three" });
    await world.until(controller.publisher.publish(first));
    await reached(subscriber, first.map);
    const { subscription } = subscriber;
    subscription.offer([encodeRecord(first.record), encodeRecord(third.record)]);
    subscription.offer([Uint8Array.of(1, 2, 3)]);
    subscription.offer([encodeRecord({ ...second.record, digest: 5n })]);
    expect(subscription.map).toEqual(first.map);
    expect(world.logged).toHaveLength(2);
    subscription.offer([first, second].map(({ record }) => encodeRecord(record)));
    expect(subscription.map).toEqual(second.map);
  });

  test("offer something before the first look, and it is left alone", () => {
    const { subscription } = subscribe();
    subscription.offer([encodeRecord(changed(controller.map).record)]);
    expect(subscription.map).toBeUndefined();
    expect(subscription.recordsSince(epoch(0))).toEqual([]);
  });

  test("get no more at once than the bounds allow, and nothing from before the window", async () => {
    const subscriber = subscribe({ windowBounds: { countMax: 4, bytesMax: 1e6 } });
    await world.publish(controller, 1);
    await reached(subscriber, controller.map);
    await world.publish(controller, 8);
    await reached(subscriber, controller.map);
    const { subscription } = subscriber;
    const count = (from: number, countMax = 100): number =>
      subscription.recordsSince(epoch(from), { countMax, bytesMax: 1e6 }).length;
    expect([count(9), count(8), count(5), count(4), count(5, 2)]).toEqual([0, 1, 4, 0, 2]);
  });
});

test("a hundred subscribers follow together", async () => {
  const subscribers = Array.from({ length: 100 }, () => subscribe());
  await world.untilTrue(() => subscribers.every(({ subscription }) => subscription.map));
  await world.publish(controller, 5);
  for (const subscriber of subscribers) await reached(subscriber, controller.map);
  for (const { told } of subscribers) expect(told).toEqual(["=0", "1", "2", "3", "4", "5"]);
});
