import { beforeEach, describe, expect, test } from "vitest";
import { present } from "../../cluster/base/assert.ts";
import { utf8 } from "../../cluster/base/bytes.ts";
import { epoch, osdId } from "../../cluster/base/ids.ts";
import { registerDaemon } from "../../cluster/coordination/registration.ts";
import type { ControllerEvent } from "../../monitor/controller/controller-state.ts";
import { ControllerTerm } from "../../monitor/controller-term.ts";
import { ACL, type Controller, changed, MapWorld } from "../cluster/coordination/map-world.ts";
import { ADDRESSES } from "../cluster/zookeeper/client-world.ts";

let world: MapWorld;
beforeEach(async () => {
  world = await MapWorld.start();
});

interface Running {
  readonly term: ControllerTerm;
  readonly elected: Controller;
  readonly events: ControllerEvent[];
  readonly failures: unknown[];
  lost: number;
}

/** Of a candidate that has won. */
async function begin(elected?: Controller): Promise<Running> {
  const winner = elected ?? (await world.controller());
  const events: ControllerEvent[] = [];
  const failures: unknown[] = [];
  const term = new ControllerTerm({
    client: winner.client,
    check: present(winner.election.check(), "it leads"),
    acl: ACL,
    log: world.log,
    submit: (event) => events.push(event),
    lost: () => {
      running.lost += 1;
    },
    fail: (error) => failures.push(error),
  });
  const running: Running = { term, elected: winner, events, failures, lost: 0 };
  return running;
}

async function begun(elected?: Controller): Promise<Running> {
  const running = await begin(elected);
  await world.untilTrue(() => of(running, "registrationsListed").length > 0);
  return running;
}

function of<Type extends ControllerEvent["type"]>(
  { events }: Running,
  type: Type,
): Extract<ControllerEvent, { readonly type: Type }>[] {
  return events.filter(
    (event): event is Extract<ControllerEvent, { readonly type: Type }> => event.type === type,
  );
}

function publish(running: Running): void {
  const { elected } = running;
  const { map, record, undo } = changed(elected.map, { host: `h${elected.map.epoch}` });
  running.term.perform({ type: "publish", map, record, inverse: undo.inverse });
  running.elected.map = map;
}

async function register(id: number, nonce: number): Promise<{ stop(): Promise<void> }> {
  const registration = registerDaemon({
    client: world.tree(),
    kind: "osd",
    name: `${id}`,
    daemon: { address: "a:1", nonce, host: "h", version: "0", uuid: `u${id}` },
    onFailure: () => {},
  });
  await world.untilTrue(() => world.server.nodes.has(`/kelp/osd/${id}`));
  return registration;
}

const nodeText = (path: string): string =>
  Buffer.from(world.server.nodes.get(path)?.data ?? []).toString("utf8");

describe("a term begins", () => {
  test("with what is published, what was asked for before, and what is muted", async () => {
    const before = await world.controller();
    await world.publish(before, 2);
    const third = changed(before.map);
    const record = { ...third.record, requests: ["r1", "r2"] };
    await world.until(before.publisher.publish({ ...third, record }));
    const mute = { code: "OSD_DOWN", isSticky: true };
    world.server.change("/kelp/mutes", utf8(JSON.stringify([mute])));
    await world.depose(before);
    const running = await begun();
    const [elected] = of(running, "elected");
    expect(elected).toMatchObject({ map: { epoch: 3, digest: third.map.digest }, oldest: 1 });
    expect(elected?.requests.at(-1)).toEqual({ ids: ["r1", "r2"], epoch: 3 });
    expect(elected?.mutes).toMatchObject([mute]);
  });

  test("with nothing muted where that cannot be read, and says so", async () => {
    world.server.change("/kelp/mutes", utf8("{"));
    const running = await begun();
    expect(of(running, "elected")).toMatchObject([{ mutes: [] }]);
    expect(world.logged).toEqual(["warn: what is muted cannot be read; nothing is"]);
  });

  test("and then tells who is registered, all at once, before what changes", async () => {
    await register(3, 33);
    const five = await register(5, 55);
    const running = await begun();
    await register(7, 77);
    await world.untilTrue(() => of(running, "sessionSeen").length === 1);
    await world.until(five.stop());
    await world.untilTrue(() => of(running, "sessionSeen").length === 2);
    expect(running.events.map(({ type }) => type)).toEqual([
      "elected",
      "registrationsListed",
      "sessionSeen",
      "sessionSeen",
    ]);
    expect(of(running, "registrationsListed")[0]?.registrations).toEqual(
      new Map([
        [osdId(3), { nonce: 33 }],
        [osdId(5), { nonce: 55 }],
      ]),
    );
    expect(of(running, "sessionSeen")).toEqual([
      { type: "sessionSeen", osd: 7, registration: { nonce: 77 } },
      { type: "sessionSeen", osd: 5, registration: undefined },
    ]);
  });

  test("also where nobody is registered, or somebody whose name is no OSD's", async () => {
    await world.until(world.tree().create("/kelp/osd/x", utf8("?"), { acl: ACL }));
    const running = await begun();
    expect(of(running, "registrationsListed")).toEqual([
      { type: "registrationsListed", registrations: new Map() },
    ]);
  });
});

describe("within its term", () => {
  test("an epoch is published, and that is told", async () => {
    const running = await begun();
    publish(running);
    await world.untilTrue(() => of(running, "published").length === 1);
    publish(running);
    await world.untilTrue(() => of(running, "published").length === 2);
    expect(world.server.nodes.has("/kelp/map/inc/2")).toBe(true);
    expect(running.lost).toBe(0);
  });

  test("old epochs are trimmed, and how far is told", async () => {
    const elected = await world.controller({ checkpointEpochs: 5 });
    await world.publish(elected, 20);
    const running = await begun(elected);
    running.term.perform({ type: "trim", below: epoch(11) });
    await world.untilTrue(() => of(running, "trimmed").length === 1);
    const [trimmed] = of(running, "trimmed");
    expect(trimmed?.oldest).toBeGreaterThan(1);
    expect(trimmed?.oldest).toBeLessThanOrEqual(11);
    expect(world.server.nodes.has("/kelp/map/inc/1")).toBe(false);
  });

  test("the last mutes are what is stored, whatever was lost on the way", async () => {
    const running = await begun();
    let count = 0;
    world.server.losesReply = ({ op }) => {
      if (op !== "multi") return false;
      count += 1;
      return count <= 2;
    };
    const mutes = (code: string) => [
      { code, isSticky: false, untilWallMs: undefined, count: undefined, severity: undefined },
    ];
    for (const code of ["A", "B", "C", "D"]) {
      running.term.perform({ type: "storeMutes", mutes: mutes(code) });
    }
    await world.pass(10_000);
    expect(JSON.parse(nodeText("/kelp/mutes"))).toEqual([{ code: "D", isSticky: false }]);
    expect(count).toBeLessThan(6);
  });

  test("what happens is told to the cluster log", async () => {
    const running = await begun();
    running.term.perform({ type: "event", level: "info", text: "hello", wallMs: 5 });
    await world.untilTrue(() => world.server.children("/kelp/event").length === 1);
  });
});

describe("a term is over", () => {
  test("when its node is gone: whatever it writes next says so, and nothing is written", async () => {
    const running = await begun();
    world.server.change(running.elected.election.ownPath ?? "", undefined);
    publish(running);
    await world.untilTrue(() => running.lost > 0);
    expect(world.server.nodes.has("/kelp/map/inc/1")).toBe(false);
    expect(of(running, "published")).toEqual([]);
  });

  test("also where that was mutes, or that old epochs go", async () => {
    const elected = await world.controller({ checkpointEpochs: 5 });
    await world.publish(elected, 20);
    const running = await begun(elected);
    world.server.change(elected.election.ownPath ?? "", undefined);
    running.term.perform({ type: "storeMutes", mutes: [] });
    await world.untilTrue(() => running.lost === 1);
    running.term.perform({ type: "trim", below: epoch(11) });
    await world.untilTrue(() => running.lost === 2);
    expect(world.server.nodes.has("/kelp/map/inc/1")).toBe(true);
    expect(running.failures).toEqual([]);
  });

  test("when it is ended: nothing is told and nothing written from then on", async () => {
    const running = await begun();
    running.term.end();
    const told = running.events.length;
    publish(running);
    await register(3, 33);
    await world.pass(3_000);
    expect([running.term.isOver, running.events.length, running.lost]).toEqual([true, told, 0]);
    expect(world.server.nodes.has("/kelp/map/inc/1")).toBe(false);
  });

  test("also when it is ended before it has read anything", async () => {
    const running = await begin();
    running.term.end();
    await world.pass(3_000);
    expect(running.events).toEqual([]);
  });
});

describe("no server for longer than the session's time", () => {
  const untilUnreachable = 30_000;

  test("while a term begins ends the term, and not the process", async () => {
    const running = await begin();
    for (const address of ADDRESSES) await world.kill(address);
    await world.pass(untilUnreachable);
    expect(running.failures).toEqual([]);
    expect(of(running, "elected")).toEqual([]);
    expect(running.lost).toBe(1);
  });

  test("while old epochs are trimmed ends the term, and not the process", async () => {
    const elected = await world.controller({ checkpointEpochs: 5 });
    await world.publish(elected, 20);
    const running = await begun(elected);
    running.term.perform({ type: "trim", below: epoch(11) });
    for (const address of ADDRESSES) await world.kill(address);
    await world.pass(untilUnreachable);
    expect(running.failures).toEqual([]);
    expect(running.lost).toBe(1);
  });
});

test("where the tree is damaged the process ends", async () => {
  const before = await world.controller();
  await world.publish(before, 3);
  await world.depose(before);
  const elected = await world.controller();
  world.server.nodes.delete("/kelp/map/inc/2");
  const running = await begin(elected);
  await world.untilTrue(() => running.failures.length > 0);
  expect(running.failures).toMatchObject([{ code: "STORE_CORRUPT" }]);
});
