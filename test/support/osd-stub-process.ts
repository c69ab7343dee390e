/**
 * An OSD without data, as a process: `node osd-stub-process.js COORDINATOR KEY_FILE UUID HOST`. It gets an id for its uuid,
 * registers, boots and pings its peers as an OSD does. Prints "osd.N up" each time that it is up in the map, and "epoch E"
 * with every map that it is shown.
 */
import { randomBytes } from "node:crypto";
import { assert } from "../../cluster/base/assert.ts";
import { type PeerName, peerName } from "../../cluster/base/ids.ts";
import { SILENT_LOG } from "../../cluster/base/log.ts";
import { createPrng } from "../../cluster/base/prng.ts";
import { ControllerClient } from "../../cluster/coordination/controller-client.ts";
import { openTree } from "../../cluster/coordination/identity.ts";
import { readClusterKey } from "../../cluster/coordination/key-file.ts";
import { PATHS } from "../../cluster/coordination/paths.ts";
import { type ControllerMessage, controllerRegistry } from "../../cluster/message/controller.ts";
import { Messenger } from "../../cluster/runtime/messenger.ts";
import { realClock } from "../../cluster/runtime/real-clock.ts";
import { tcpNetwork } from "../../cluster/runtime/tcp.ts";
import type { TransportHandler } from "../../cluster/runtime/transport.ts";
import { randomNumber } from "../../monitor/monitor-process.ts";
import { OsdMember } from "../../osd/member.ts";

const [coordinator = "", keyFile = "", uuid = "", host = ""] = process.argv.slice(2);
const { STUB_SESSION_TIMEOUT_MS: timeoutText = "4000" } = process.env;
const SESSION_TIMEOUT_MS = Number(timeoutText);
const BYTES = 2 ** 40;

const key = await readClusterKey(keyFile);
const fail = (error: unknown): never => {
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  process.exit(1);
};

function messengerOf(
  name: PeerName,
  handler: TransportHandler<ControllerMessage>,
): Messenger<ControllerMessage> {
  return new Messenger({
    identity: {
      name,
      clusterKey: key,
      versionMin: 1,
      versionMax: 1,
      features: [],
      requiredFeatures: [],
    },
    registry: controllerRegistry,
    network: tcpNetwork,
    clock: realClock,
    log: SILENT_LOG,
    prng: createPrng(randomNumber()),
    randomBytes: (size) => randomBytes(size),
    handler,
    fail,
  });
}

const client = openTree({
  coordinator,
  key,
  clock: realClock,
  network: tcpNetwork,
  sessionTimeoutMs: SESSION_TIMEOUT_MS,
});
const asking = messengerOf(peerName(`client.${randomBytes(4).toString("hex")}`), {
  receive: () => {},
  answer: () => Promise.reject(new Error("nobody asks a client")),
});
const enrolment = new ControllerClient({
  client,
  transport: asking,
  path: PATHS.controller,
  clock: realClock,
});
const created = await enrolment.request({
  type: "osdCreate",
  uuid,
  host,
  deviceClass: "",
  bytes: BYTES,
});
assert(created.type === "osdCreated", `an id: ${JSON.stringify(created)}`);
await asking.close(0);

const { osd } = created;
const name = peerName(`osd.${osd}`);
// The address is part of what the member says, and the handler is the member's.
let attached: (handler: TransportHandler<ControllerMessage>) => void = () => {};
const handler = new Promise<TransportHandler<ControllerMessage>>((resolve) => {
  attached = resolve;
});
const messenger = messengerOf(name, {
  receive: async (received) => (await handler).receive(received),
  answer: async (received, context) => (await handler).answer(received, context),
});
const address = await messenger.listen("127.0.0.1:0");
let wasUp = false;
const member: OsdMember = new OsdMember({
  osd,
  uuid,
  nonce: randomNumber(),
  host,
  deviceClass: "",
  bytes: BYTES,
  version: "0",
  address,
  heartbeatAddress: address,
  graceMs: 5_000,
  client,
  clock: realClock,
  log: SILENT_LOG,
  network: tcpNetwork,
  attach: (given) => {
    attached(given);
    return messenger;
  },
  sharing: () => new Set(),
  onMap: (map) => {
    process.stdout.write(`epoch ${map.epoch} ${performance.timeOrigin + performance.now()}\n`);
    const { isUp } = member;
    if (isUp && !wasUp) process.stdout.write(`${name} up\n`);
    wasUp = isUp;
  },
  fail,
});
process.on("SIGTERM", () => {
  member.close().then(() => process.exit(0), fail);
});
