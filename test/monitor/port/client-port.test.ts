import { afterEach, describe, expect, test } from "vitest";
import { encode } from "../../../cluster/wire/codec.ts";
import { existsRequest } from "../../../cluster/zookeeper/node-records.ts";
import { OPCODES } from "../../../cluster/zookeeper/op-codes.ts";
import type { ClientPort } from "../../../monitor/port/client-port.ts";
import { rawPacket } from "../zookeeper/server-world.ts";
import { RawClient } from "./raw-client.ts";
import {
  type SingleMonitor,
  type SingleMonitorOptions,
  startSingleMonitor,
} from "./single-monitor.ts";

const running: { monitor?: SingleMonitor; clients: RawClient[] } = { clients: [] };

async function start(options: SingleMonitorOptions = {}): Promise<SingleMonitor> {
  running.monitor = await startSingleMonitor(options);
  return running.monitor;
}

function client({ address }: SingleMonitor): RawClient {
  const made = new RawClient(address);
  running.clients.push(made);
  return made;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

afterEach(async () => {
  for (const { socket } of running.clients.splice(0)) socket.destroy();
  await running.monitor?.close();
});

const exists = (xid: number, path: string): Uint8Array =>
  rawPacket(xid, OPCODES.exists, encode(existsRequest, { path, watch: false }));
const xidOf = (packet: Uint8Array): number => Buffer.from(packet).readInt32BE(0);

test("packets cut anywhere are answered in order", async () => {
  const one = client(await start());
  const [connected] = [await one.connect()];
  expect(connected.byteLength).toBe(37);
  const all = [1, 2, 3].map((xid) => {
    const body = exists(xid, "/");
    const size = Buffer.alloc(4);
    size.writeInt32BE(body.byteLength);
    return Buffer.concat([size, body]);
  });
  for (const byte of Buffer.concat(all)) one.socket.write(Uint8Array.of(byte));
  for (const xid of [1, 2, 3]) expect(xidOf(await one.packet())).toBe(xid);
});

describe("four-letter words", () => {
  test("are answered, and the connection ends", async () => {
    const one = client(await start());
    one.socket.write("ruok");
    await one.closed();
    expect(one.text).toBe("imok");
  });

  test("are answered also when the tool has ended its side already", async () => {
    const monitor = await start();
    for (const word of ["srvr", "mntr", "envi", "stat"]) {
      const one = client(monitor);
      one.socket.end(word);
      await one.closed();
      expect(one.text.length).toBeGreaterThan(20);
    }
    await until(() => monitor.port.connectionCount === 0);
  });

  test("are none once a session is there", async () => {
    const one = client(await start());
    await one.connect();
    one.socket.write("ruok");
    await one.closed();
    expect(one.text).not.toContain("imok");
  });
});

describe("sizes", () => {
  test.each([
    ["larger than jute.maxbuffer", 0xfffff + 1],
    ["negative", -1],
  ])("%s close the connection with a line that says so", async (_, size) => {
    const monitor = await start();
    const [bad, good] = [client(monitor), client(monitor)];
    await good.connect();
    const bytes = Buffer.alloc(4);
    bytes.writeInt32BE(size);
    bad.socket.write(bytes);
    await bad.closed();
    expect(monitor.logs.at(-1)).toContain("jute.maxbuffer");
    good.send(exists(1, "/"));
    expect(xidOf(await good.packet())).toBe(1);
  });

  test("what came whole before a bad one is still taken up", async () => {
    const one = client(await start());
    await one.connect();
    const packet = exists(7, "/");
    const bytes = Buffer.concat([Buffer.alloc(4), packet, Buffer.from([0x7f, 0, 0, 0])]);
    bytes.writeInt32BE(packet.byteLength);
    one.socket.write(bytes);
    await one.closed();
    await until(() => running.monitor?.server.counts.received === 2);
  });
});

test("packets that arrive in parts are bounded in total: one more large part is closed", async () => {
  const monitor = await start({ port: { partialBytesMax: 1_500_000 } });
  const part = (bytes: number): Buffer => {
    const packet = Buffer.alloc(4 + bytes);
    packet.writeInt32BE(900_000);
    return packet;
  };
  const [one, two, small] = [client(monitor), client(monitor), client(monitor)];
  await Promise.all([one, two, small].map((each) => each.connect()));
  small.socket.write(part(10));
  for (const large of [one, two]) large.socket.write(part(800_000));
  const left = await Promise.race([one.closed().then(() => two), two.closed().then(() => one)]);
  expect(monitor.logs.at(-1)).toContain("too many large packets arrive at once");
  expect(monitor.port.connectionCount).toBe(2);
  left.socket.write(Buffer.alloc(100_000));
  await until(() => monitor.server.counts.received === 4);
});

describe("how many may connect", () => {
  test("is bounded per address", async () => {
    const monitor = await start({ port: { connectionsPerAddressMax: 2 } });
    const [one, two] = [client(monitor), client(monitor)];
    await Promise.all([one.connect(), two.connect()]);
    const three = client(monitor);
    await three.closed();
    expect(monitor.port.rejectedCount).toBe(1);
    expect(monitor.logs.at(-1)).toContain("maxClientCnxns");
    one.socket.destroy();
    await until(() => monitor.port.connectionCount === 1);
    await client(monitor).connect();
  });

  test("is bounded in total", async () => {
    const monitor = await start({ port: { connectionsMax: 1 } });
    await client(monitor).connect();
    await client(monitor).closed();
    expect(monitor.port.rejectedCount).toBe(1);
  });
});

test("a full queue of the loop holds connections back and loses nothing", async () => {
  const monitor = await start({ queueCapacity: 2 });
  const all = Array.from({ length: 20 }, () => client(monitor));
  await Promise.all(all.map((one) => one.connect()));
  for (const one of all) {
    for (let xid = 1; xid <= 50; xid++) one.send(exists(xid, "/"));
  }
  for (const one of all) {
    for (let xid = 1; xid <= 50; xid++) expect(xidOf(await one.packet())).toBe(xid);
  }
});

test("a client that reads nothing is not answered without end", async () => {
  const monitor = await start({ limits: { outputBytesPaused: 200_000 } });
  const [slow, fine] = [client(monitor), client(monitor)];
  await Promise.all([slow.connect(), fine.connect()]);
  slow.socket.pause();
  const path = "/".padEnd(50_000, "x");
  const sync = rawPacket(1, OPCODES.sync, exists(0, path).subarray(8));
  const COUNT = 400;
  for (let count = 0; count < COUNT; count++) slow.send(sync);
  await until(() => [...monitor.server.clients.values()].some(({ isPaused }) => isPaused));
  expect(monitor.server.unsentBytes).toBeLessThan(1_000_000);
  fine.send(exists(1, "/"));
  expect(xidOf(await fine.packet())).toBe(1);
  slow.socket.resume();
  for (let count = 0; count < COUNT; count++) {
    expect((await slow.packet()).byteLength).toBe(16 + 4 + path.length);
  }
});

test("a connection that breaks is forgotten, and closing the port ends all", async () => {
  const monitor = await start();
  const [one, two] = [client(monitor), client(monitor)];
  await Promise.all([one.connect(), two.connect()]);
  one.socket.resetAndDestroy();
  const port: ClientPort = monitor.port;
  await until(() => port.connectionCount === 1 && monitor.server.clients.size === 1);
  await monitor.close();
  await two.closed();
  expect(port.connectionCount).toBe(0);
});
