import { expect, test } from "vitest";
import { type Log, SILENT_LOG } from "../../cluster/base/log.ts";
import type { ByteStream, StreamNetwork } from "../../cluster/runtime/stream.ts";
import { guardedNetwork, KnownHosts } from "../../monitor/peer-network.ts";

const STILL = { nowMs: () => 0 };

test("names and addresses of members are known, however they come through a socket", async () => {
  const known = new KnownHosts(["localhost", "10.1.2.3"], STILL);
  expect(await known.has("127.0.0.1")).toBe(true);
  expect(await known.has("::ffff:127.0.0.1")).toBe(true);
  expect(await known.has("10.1.2.3")).toBe(true);
  expect(await known.has("10.1.2.4")).toBe(false);
});

test("strangers do not make it look up names all the time", async () => {
  let nowMs = 0;
  const hosts = ["10.1.2.3"];
  const known = new KnownHosts(hosts, { nowMs: () => nowMs });
  expect(await known.has("10.1.2.4")).toBe(false);
  // As if the name of a member had moved.
  hosts[0] = "10.1.2.4";
  expect(await known.has("10.1.2.4")).toBe(false);
  nowMs += 5_000;
  expect(await known.has("10.1.2.4")).toBe(true);
});

test("members that come at the same time all wait for the first look-up", async () => {
  const known = new KnownHosts(["10.1.2.3", "10.1.2.4"], STILL);
  expect(await Promise.all([known.has("10.1.2.3"), known.has("10.1.2.4")])).toEqual([true, true]);
});

test("a host that is no name belongs to nobody", async () => {
  const known = new KnownHosts(["not a host name"], STILL);
  expect(await known.has("127.0.0.1")).toBe(false);
});

/** A network of which connections come in as the test wants them. */
function scripted(has: (host: string) => Promise<boolean>, clock = STILL) {
  const accepted: ByteStream[] = [];
  const refused: string[] = [];
  const warnings: unknown[] = [];
  let accept: ((stream: ByteStream) => void) | undefined;
  const network: StreamNetwork = {
    connect: () => Promise.reject(new Error("nobody connects here")),
    listen: (address, handler) => {
      accept = handler;
      return Promise.resolve({ address, close: () => Promise.resolve() });
    },
  };
  const log: Log = { ...SILENT_LOG, warn: (_, fields) => warnings.push(fields) };
  const guarded = guardedNetwork(network, { known: { has }, log, clock });
  const come = async (remoteAddress: string): Promise<void> => {
    const stream = { remoteAddress, destroy: () => refused.push(remoteAddress) };
    accept?.(stream as unknown as ByteStream);
    await new Promise(setImmediate);
  };
  return { guarded, come, accepted, refused, warnings };
}

test("a member's connection is handed on, a stranger's is closed and told of", async () => {
  const { guarded, come, accepted, refused, warnings } = scripted((host) =>
    Promise.resolve(host === "10.0.0.1"),
  );
  await guarded.listen("0.0.0.0:1", (stream) => accepted.push(stream));
  await come("10.0.0.1:5000");
  await come("10.0.0.2:5000");
  expect(accepted.map(({ remoteAddress }) => remoteAddress)).toEqual(["10.0.0.1:5000"]);
  expect(refused).toEqual(["10.0.0.2:5000"]);
  expect(warnings).toEqual([{ host: "10.0.0.2", notLogged: 0 }]);
});

test("who cannot be looked up is a stranger", async () => {
  const { guarded, come, accepted, refused } = scripted(() => Promise.reject(new Error("no DNS")));
  await guarded.listen("0.0.0.0:1", (stream) => accepted.push(stream));
  await come("10.0.0.1:5000");
  expect({ accepted, refused }).toEqual({ accepted: [], refused: ["10.0.0.1:5000"] });
});

test("strangers cannot fill the log", async () => {
  let nowMs = 0;
  const { guarded, come, warnings } = scripted(() => Promise.resolve(false), {
    nowMs: () => nowMs,
  });
  await guarded.listen("0.0.0.0:1", () => {});
  for (let count = 0; count < 10; count++) await come("10.0.0.2:5000");
  nowMs += 1_000;
  await come("10.0.0.3:5000");
  expect(warnings).toEqual([
    { host: "10.0.0.2", notLogged: 0 },
    { host: "10.0.0.3", notLogged: 9 },
  ]);
});
