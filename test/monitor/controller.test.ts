import { beforeEach, describe, expect, test } from "vitest";
import { present } from "../../cluster/base/assert.ts";
import { EMPTY_BYTES } from "../../cluster/base/bytes.ts";
import { ClusterError } from "../../cluster/base/error.ts";
import { osdId, peerName } from "../../cluster/base/ids.ts";
import type { ControllerMessage } from "../../cluster/message/controller.ts";
import type { TransportHandler } from "../../cluster/runtime/transport.ts";
import { CALLS_MAX } from "../../monitor/controller.ts";
import { SETTINGS } from "./controller/controller-desk.ts";
import { addressOf, ControllerWorld } from "./controller-world.ts";

const NOOUT = { type: "flagSet", flags: ["noout"] } as const;
const UNSET = { type: "flagUnset", flags: ["noout"] } as const;
const [FIRST, SECOND] = [peerName("mon.1"), peerName("mon.2")];

let world: ControllerWorld;
beforeEach(async () => {
  world = await ControllerWorld.open();
});

describe("a controller", () => {
  test("that leads begins the cluster, and carries out what it is asked for", async () => {
    const { controller } = await world.leader();
    const answer = await world.order(world.asker(), NOOUT);
    expect(answer).toMatchObject({ type: "commandDone", epoch: 2 });
    expect(controller.state.term?.drafting.published.epoch).toBe(2);
    expect(world.server.nodes.has("/kelp/map/inc/2")).toBe(true);
  });

  test("that does not lead says that it is none", async () => {
    await world.leader();
    const { controller } = await world.run(SECOND);
    const transport = world.messenger(peerName("client.1"));
    transport.route(SECOND, addressOf(SECOND));
    const message = { type: "askHealth" } as const;
    const answer = await world.until(transport.request(SECOND, { message }));
    expect([controller.isLeading, answer.message.type]).toEqual([false, "notController"]);
  });

  test("takes over when the session of the one before it is over, with all that was acknowledged", async () => {
    const first = await world.leader();
    const second = await world.run(SECOND);
    const asker = world.asker();
    const command = { type: "command", requestId: "mine", author: "ops", command: NOOUT } as const;
    const done = await world.until(asker.request(command));
    world.gateOf(first.client).close();
    world.server.expire(first.client.sessionId);
    await world.untilTrue(() => second.controller.isLeading);
    expect(await world.until(asker.request(command))).toEqual({
      ...done,
      text: "was done before, in epoch 2",
    });
    expect(await world.order(asker, UNSET)).toMatchObject({ epoch: 3 });
    world.gateOf(first.client).open();
    await world.untilTrue(() => !first.controller.isLeading);
    expect([first.failures, second.failures]).toEqual([[], []]);
  });

  test("that is deposed while it publishes leaves it to the next one to say what became of it", async () => {
    const first = await world.leader();
    const second = await world.run(SECOND);
    const asker = world.asker();
    await world.order(asker, UNSET);
    let isLost = false;
    world.server.losesReply = ({ op }) => {
      if (op !== "multi" || isLost) return false;
      isLost = true;
      world.server.expire(first.client.sessionId);
      world.gateOf(first.client).close();
      return true;
    };
    const answer = await world.order(asker, NOOUT);
    expect(answer).toMatchObject({ epoch: 2, text: "was done before, in epoch 2" });
    expect(second.controller.isLeading).toBe(true);
    expect(second.controller.state.term?.drafting.published.flags).toEqual(new Set(["noout"]));
  });

  test("is the same term to it when its connection was lost and its node is still there", async () => {
    const { controller, client } = await world.leader();
    const { term } = controller.state;
    world.server.cut();
    await world.untilTrue(() => client.status !== "connected");
    await world.untilTrue(() => client.status === "connected");
    await world.pass(1_000);
    expect(controller.state.term).toBe(term);
    expect(await world.order(world.asker(), NOOUT)).toMatchObject({ epoch: 2 });
  });

  test("publishes nothing while there is no server, and goes on then", async () => {
    await world.leader();
    const asker = world.asker();
    await world.order(asker, UNSET);
    world.server.isUnwilling = true;
    world.server.cut();
    const command = { type: "command", requestId: "a", author: "ops", command: NOOUT } as const;
    const asking = asker.request(command);
    asking.catch(() => {});
    await world.pass(3_000);
    expect(world.server.nodes.has("/kelp/map/inc/2")).toBe(false);
    world.server.isUnwilling = false;
    expect(await world.until(asking)).toMatchObject({ type: "commandDone", epoch: 2 });
  });

  test("that is closed says so to whoever waits, and lets the next one lead at once", async () => {
    const first = await world.leader();
    const second = await world.run(SECOND);
    const fromMs = world.clock.nowMs();
    await world.until(first.controller.close());
    await world.untilTrue(() => second.controller.isLeading);
    expect(world.clock.nowMs() - fromMs).toBeLessThan(500);
    expect(await world.order(world.asker(), NOOUT)).toMatchObject({ epoch: 2 });
  });

  test("takes no more questions than it can hold while nothing can be published", async () => {
    let handler: TransportHandler<ControllerMessage> | undefined;
    const { controller } = await world.leader({
      attach: (given) => {
        handler = given;
        return world.messenger(FIRST);
      },
    });
    await world.untilTrue(() => controller.state.term?.drafting.published.epoch === 1);
    world.server.isUnwilling = true;
    world.server.cut();
    const command = { type: "command", requestId: "a", author: "ops", command: NOOUT } as const;
    const outcomes = new Map<string, number>();
    const count = (what: string) => outcomes.set(what, (outcomes.get(what) ?? 0) + 1);
    const ask = () =>
      present(handler, "a handler")
        .answer(
          { from: peerName("client.1"), message: command, payload: EMPTY_BYTES },
          { signal: new AbortController().signal, deadlineMs: 1e9 },
        )
        .then(
          ({ message }) => count(message.type),
          (error: unknown) => count(error instanceof ClusterError ? error.code : "?"),
        );
    for (let index = 0; index < CALLS_MAX + 10; index++) void ask();
    await world.pass(1_000);
    expect(outcomes).toEqual(new Map([["OVERLOADED", 10]]));
    world.server.isUnwilling = false;
    await world.untilTrue(() => outcomes.get("commandDone") === CALLS_MAX);
    await world.until(ask());
    expect(outcomes.get("commandDone")).toBe(CALLS_MAX + 1);
  });

  test("steps its events in order, also those that find its queue full", async () => {
    const { controller } = await world.run(SECOND);
    const { state } = controller;
    for (let offsetMs = 1; offsetMs <= 3 * CALLS_MAX; offsetMs++) {
      controller.submit({ type: "wallClock", offsetMs });
    }
    const seen: number[] = [];
    await world.untilTrue(() => {
      const { wallOffsetMs } = state;
      if (seen.at(-1) !== wallOffsetMs) {
        seen.push(wallOffsetMs);
        // One more for every round of its loop, as others come while it catches up.
        const offsetMs = 100_000 + seen.length;
        if (offsetMs < 100_030) controller.submit({ type: "wallClock", offsetMs });
      }
      return wallOffsetMs === 100_029;
    });
    expect(seen).toEqual(seen.toSorted((left, right) => left - right));
  });

  test("probes an OSD that has no session, and takes it down when its machine refuses", async () => {
    const { controller } = await world.leader();
    await world.enrol(world.asker(), 0);
    const osd = await world.osd(0);
    await world.untilTrue(() => osd.member.isUp);
    await world.until(osd.messenger.close(0));
    world.server.expire(osd.client.sessionId);
    world.gateOf(osd.client).close();
    const fromMs = world.clock.nowMs();
    const isUp = () => controller.state.term?.drafting.published.osds.get(osdId(0))?.up;
    await world.untilTrue(() => isUp() === false, 20_000);
    expect(world.clock.nowMs() - fromMs).toBeLessThan(6_000);
  });

  test("asks its balancer, and lives with one that fails", async () => {
    let asked = 0;
    const { failures } = await world.leader({
      settings: { ...SETTINGS, balancerInterval: 1_000, maxMisplacedRatio: 1 },
      balance: () => {
        asked += 1;
        return Promise.reject(new ClusterError("INTERRUPTED", "no"));
      },
    });
    const asker = world.asker();
    await world.enrol(asker, 0);
    await world.order(asker, { type: "osdIn", osds: [osdId(0)] });
    await world.order(asker, {
      type: "poolCreate",
      name: "rbd",
      pgNum: 1,
      size: 1,
      minSize: 1,
      rule: undefined,
      application: "",
      confirm: true,
    });
    await world.pass(10_000);
    expect(asked).toBeGreaterThan(2);
    expect(failures).toEqual([]);
    expect(world.logged).toContain("warn: the balancer came to nothing");
  });
});
