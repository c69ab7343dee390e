/** The other process of the echo bench: answers what it gets, as Kelp messages or as raw bytes. */
import { randomBytes } from "node:crypto";
import { createServer } from "node:net";
import { type PeerName, peerName } from "../cluster/base/ids.ts";
import { SILENT_LOG } from "../cluster/base/log.ts";
import { createPrng } from "../cluster/base/prng.ts";
import { Messenger } from "../cluster/runtime/messenger.ts";
import { realClock } from "../cluster/runtime/real-clock.ts";
import { tcpNetwork } from "../cluster/runtime/tcp.ts";
import type { TransportHandler } from "../cluster/runtime/transport.ts";
import { record, u53 } from "../cluster/wire/codec.ts";
import { createRegistry, type MessageOf } from "../cluster/wire/registry.ts";
import { versioned } from "../cluster/wire/versioned.ts";

export const echoRegistry = createRegistry({
  echo: { id: 0x0100, body: versioned(1, record({ number: u53 })) },
});
export type EchoMessage = MessageOf<typeof echoRegistry>;
export const ECHO_SERVER = peerName("server.echo");

export function echoMessenger(name: PeerName): Messenger<EchoMessage> {
  const handler: TransportHandler<EchoMessage> = {
    receive: () => {},
    answer: async ({ message, payload }) => ({ message, payload }),
  };
  return new Messenger({
    identity: {
      name,
      clusterKey: new Uint8Array(32),
      versionMin: 1,
      versionMax: 1,
      features: [],
      requiredFeatures: [],
    },
    registry: echoRegistry,
    network: tcpNetwork,
    clock: realClock,
    log: SILENT_LOG,
    prng: createPrng(1),
    randomBytes,
    handler,
    fail: (error) => {
      throw error;
    },
  });
}

async function serve(kind: string | undefined): Promise<string> {
  if (kind === "kelp") return echoMessenger(ECHO_SERVER).listen("127.0.0.1:0");
  const server = createServer({ noDelay: true }, (socket) => {
    socket.on("data", (chunk) => socket.write(chunk));
    socket.on("error", () => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new TypeError("not a TCP server");
  return `127.0.0.1:${address.port}`;
}

// Forked by the bench: tell the address, end with the parent.
if (process.send !== undefined && process.argv[2] === "serve") {
  process.on("disconnect", () => process.exit(0));
  process.send(await serve(process.argv[3]));
}
