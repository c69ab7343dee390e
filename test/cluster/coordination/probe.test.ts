import { beforeEach, expect, test } from "vitest";
import { epoch, peerName } from "../../../cluster/base/ids.ts";
import { PROBE_MS, type ProbeOutcome, probe } from "../../../cluster/coordination/probe.ts";
import type { ControllerMessage } from "../../../cluster/message/controller.ts";
import { addressOf, ControllerWorld } from "../../monitor/controller-world.ts";

const PEER = peerName("osd.1");
const SELF = peerName("osd.2");

let world: ControllerWorld;
let handed: Uint8Array[];
beforeEach(async () => {
  handed = [];
  world = await ControllerWorld.open();
});

/** The outcome, and how long it took. */
async function probed(): Promise<{ outcome: ProbeOutcome; tookMs: number }> {
  const fromMs = world.clock.nowMs();
  const outcome = await world.until(
    probe({
      peer: PEER,
      address: addressOf(PEER),
      nonce: 5,
      epoch: epoch(3),
      onRecords: (records) => handed.push(...records),
      network: world.host(SELF),
      clock: world.clock,
      transport: world.messenger(SELF),
    }),
  );
  return { outcome, tookMs: world.clock.nowMs() - fromMs };
}

async function listens(answer: () => Promise<ControllerMessage>): Promise<void> {
  const messenger = world.messenger(PEER, { answer: async () => ({ message: await answer() }) });
  await world.until(messenger.listen(addressOf(PEER)));
}

test("a process that answers is there", async () => {
  await listens(async () => ({ type: "probed", nonce: 5, records: [] }));
  const { outcome, tookMs } = await probed();
  expect(outcome).toBe("answered");
  expect(tookMs).toBeLessThan(100);
});

test("another process at its place means that it is gone", async () => {
  await listens(async () => ({ type: "probed", nonce: 6, records: [] }));
  expect((await probed()).outcome).toBe("refused");
});

test("what the asker lacks of the map is handed on", async () => {
  const records = [Uint8Array.of(4), Uint8Array.of(5)];
  await listens(async () => ({ type: "probed", nonce: 5, records }));
  await probed();
  expect(handed.map((bytes) => [...bytes])).toEqual([[4], [5]]);
});

test("one whose machine says that nobody listens is gone", async () => {
  expect((await probed()).outcome).toBe("refused");
});

test("one that takes the connection and does not answer is silent, and so is one of another kind", async () => {
  await listens(() => new Promise(() => {}));
  const { outcome, tookMs } = await probed();
  expect(outcome).toBe("silent");
  expect(tookMs).toBeGreaterThanOrEqual(PROBE_MS);
  expect(tookMs).toBeLessThanOrEqual(2 * PROBE_MS);
});

test("one that answers something else is silent", async () => {
  await listens(async () => ({ type: "notController" }));
  expect((await probed()).outcome).toBe("silent");
});

test("one whose machine cannot be reached is silent, and that is known in time", async () => {
  await listens(async () => ({ type: "probed", nonce: 5, records: [] }));
  world.network.partition([[PEER], [SELF]], "symmetric");
  const { outcome, tookMs } = await probed();
  expect(outcome).toBe("silent");
  expect(tookMs).toBeLessThanOrEqual(2 * PROBE_MS + 1);
});
