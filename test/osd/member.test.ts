import { beforeEach, describe, expect, test } from "vitest";
import { present } from "../../cluster/base/assert.ts";
import { type Epoch, epoch, osdId, peerName } from "../../cluster/base/ids.ts";
import type { ControllerClient } from "../../cluster/coordination/controller-client.ts";
import { epochRecord } from "../../cluster/map/epoch-record.ts";
import type { OsdInfo } from "../../cluster/map/osd-info.ts";
import type { OsdMap } from "../../cluster/map/osd-map.ts";
import type { ControllerMessage } from "../../cluster/message/controller.ts";
import { decode } from "../../cluster/wire/codec.ts";
import {
  addressOf,
  ControllerWorld,
  type RunningController,
  type RunningOsd,
  uuidOf,
} from "../monitor/controller-world.ts";

let world: ControllerWorld;
let leader: RunningController;
let operator: ControllerClient;
beforeEach(async () => {
  world = await ControllerWorld.open();
  leader = await world.leader();
  operator = world.asker();
  await world.enrol(operator, 0, 1, 2);
});

function infoOf(id: number): OsdInfo | undefined {
  return leader.controller.state.term?.drafting.published.osds.get(osdId(id));
}

async function up(
  id: number,
  options: Parameters<ControllerWorld["osd"]>[1] = {},
): Promise<RunningOsd> {
  const running = await world.osd(id, options);
  await world.untilTrue(() => running.member.isUp && infoOf(id)?.up === true);
  return running;
}

/** As with kill -9. */
function kill({ messenger, client }: RunningOsd): Promise<void> {
  world.gateOf(client).close();
  world.server.expire(client.sessionId);
  return world.until(messenger.close(0));
}

describe("an OSD that starts", () => {
  test("is up when a map shows it so, with its own nonce", async () => {
    const maps: OsdMap[] = [];
    const running = await world.osd(0, { onMap: (map) => maps.push(map) });
    expect(running.member.isUp).toBe(false);
    await world.untilTrue(() => running.member.isUp);
    expect(infoOf(0)).toMatchObject({ up: true, nonce: 100, host: "host0", uuid: uuidOf(0) });
    expect(running.member.map).toBe(maps.at(-1));
    expect(world.server.nodes.has("/kelp/osd/0")).toBe(true);
  });

  test("while the process before it still counts as up is not up until that is down", async () => {
    const first = await up(0);
    const { upFrom = 0 } = infoOf(0) ?? {};
    await kill(first);
    const second = await world.osd(0, { nonce: 777 });
    const shown: (number | undefined)[] = [];
    await world.untilTrue(() => {
      const info = second.member.map?.osds.get(osdId(0));
      if (info?.up && info.nonce === 100) expect(second.member.isUp).toBe(false);
      shown.push(info?.nonce);
      return second.member.isUp;
    });
    expect(infoOf(0)).toMatchObject({ nonce: 777, upFrom: upFrom + 2, downAt: upFrom + 1 });
  });

  test("waits for a controller, and asks again for as long as there is none", async () => {
    await world.until(leader.controller.close());
    const running = await world.osd(0);
    await world.pass(45_000);
    expect([running.member.isUp, running.failures]).toEqual([false, []]);
    leader = await world.run(peerName("mon.2"));
    await world.untilTrue(() => running.member.isUp);
  });

  test("waits while a flag keeps it down", async () => {
    await world.order(operator, { type: "flagSet", flags: ["noup"] });
    const running = await world.osd(0);
    await world.pass(45_000);
    expect([running.member.isUp, running.failures]).toEqual([false, []]);
    await world.order(operator, { type: "flagUnset", flags: ["noup"] });
    await world.untilTrue(() => running.member.isUp, 5_000);
  });

  test.each([
    ["another store than the map has under its id", 0, { uuid: uuidOf(9) }, /has the store/],
    ["an id that the map does not have", 7, {}, /there is no osd\.7/],
  ])("with %s ends, and says why", async (_, id, options, why) => {
    const running = await world.osd(id, options);
    await world.untilTrue(() => running.failures.length > 0);
    expect(running.failures).toMatchObject([
      { code: "CONFIG_INVALID", message: expect.stringMatching(why) },
    ]);
    expect(running.member.isUp).toBe(false);
  });
});

describe("an OSD that is up", () => {
  test("and was taken down wrongly comes back with the nonce that it had", async () => {
    const running = await up(0);
    await world.order(operator, { type: "osdDown", osds: [osdId(0)] });
    await world.untilTrue(() => !running.member.isUp);
    await world.untilTrue(() => running.member.isUp && infoOf(0)?.up === true);
    expect(infoOf(0)?.nonce).toBe(100);
    expect(running.failures).toEqual([]);
  });

  test("boots once at a time, however many epochs pass while it is down", async () => {
    const running = await up(0);
    await world.order(operator, { type: "flagSet", flags: ["noup"] });
    await world.order(operator, { type: "osdDown", osds: [osdId(0)] });
    for (let index = 0; index < 20; index++) {
      await world.order(operator, { type: "flagSet", flags: ["noout"] });
      await world.order(operator, { type: "flagUnset", flags: ["noout"] });
    }
    const boots = () => leader.controller.state.term?.boots.size;
    await world.pass(10_000);
    expect(boots()).toBe(1);
    await world.order(operator, { type: "flagUnset", flags: ["noup"] });
    await world.untilTrue(() => running.member.isUp);
    await world.pass(2_000);
    expect(boots()).toBe(0);
  });

  test("says that it is there, by its nonce, hands on what its asker lacks, and no more", async () => {
    const running = await up(0);
    const asker = world.messenger(peerName("osd.9"));
    const name = peerName("osd.0");
    asker.route(name, addressOf(name));
    const probe = async (at: Epoch): Promise<ControllerMessage> => {
      const question = { message: { type: "probe", epoch: at } } as const;
      return (await world.until(asker.request(name, question))).message;
    };
    const newest = present(running.member.map, "a map").epoch;
    expect(await probe(newest)).toEqual({ type: "probed", nonce: 100, records: [] });
    const handed = await probe(epoch(newest - 1));
    const [bytes] = handed.type === "probed" ? handed.records : [];
    expect(decode(epochRecord, present(bytes, "a record")).epoch).toBe(newest);
    const asked = asker.request(name, { message: { type: "askStatus" } });
    await expect(world.until(asked)).rejects.toMatchObject({ code: "REMOTE_FAILED" });
  });

  test("stays up when its session was lost and comes back", async () => {
    const running = await up(0);
    const { upFrom } = infoOf(0) ?? {};
    world.server.expire(running.client.sessionId);
    await world.pass(10_000);
    expect(infoOf(0)).toMatchObject({ up: true, upFrom });
    expect(world.server.nodes.has("/kelp/osd/0")).toBe(true);
  });

  test("that is closed goes down at once, without a witness", async () => {
    const running = await up(0);
    const fromMs = world.clock.nowMs();
    await world.until(running.member.close());
    expect(infoOf(0)?.up).toBe(false);
    expect(world.clock.nowMs() - fromMs).toBeLessThan(1_000);
    await world.pass(10_000);
    expect([infoOf(0)?.up, running.failures]).toEqual([false, []]);
    await world.until(running.member.close());
  });

  test("can be closed while there is no controller", async () => {
    const running = await up(0);
    await world.until(leader.controller.close());
    await world.until(running.member.close());
    expect(running.failures).toEqual([]);
  });
});

describe("peers", () => {
  test("report one that is dead, which takes it down though its session is not over yet", async () => {
    const [dead] = [await up(0), await up(1), await up(2)];
    await world.until(dead.messenger.close(0));
    const fromMs = world.clock.nowMs();
    await world.untilTrue(() => infoOf(0)?.up === false);
    expect(world.clock.nowMs() - fromMs).toBeLessThan(6_000);
    expect([infoOf(1)?.up, infoOf(2)?.up]).toEqual([true, true]);
  });

  test("do not hold against a new process that the one before it is gone, whoever tells them of it", async () => {
    const first = await up(0);
    const peer = await up(1);
    await kill(first);
    // It hears of the new process from that itself, with the answer that it is not the one that was asked for.
    world.gateOf(peer.client).close();
    const second = await world.osd(0, { nonce: 777 });
    await world.untilTrue(() => second.member.isUp);
    const reported = () => leader.controller.state.term?.membership.reports.has(osdId(0));
    const upFrom = infoOf(0)?.upFrom;
    const wasReported: (boolean | undefined)[] = [];
    await world.untilTrue(() => {
      wasReported.push(reported());
      return peer.member.map?.osds.get(osdId(0))?.upFrom === upFrom;
    });
    for (let index = 0; index < 20; index++) {
      await world.pass(50);
      wasReported.push(reported());
    }
    expect(wasReported).not.toContain(true);
  });

  test("report one that is silent after its grace, and take that back when it answers", async () => {
    const silent = await up(0);
    await up(1, { graceMs: 3_000 });
    const { upFrom } = infoOf(0) ?? {};
    const reports = () => leader.controller.state.term?.membership.reports.get(osdId(0))?.size ?? 0;
    world.network.partition([[peerName("osd.0")], [peerName("osd.1")]], "symmetric");
    await world.pass(2_500);
    expect(reports()).toBe(0);
    await world.untilTrue(() => reports() === 1, 5_000);
    world.network.heal();
    await world.untilTrue(() => reports() === 0, 10_000);
    expect(infoOf(0)).toMatchObject({ up: true, upFrom });
    expect(silent.failures).toEqual([]);
  });
});
