/**
 * The frame path in one process, and an echo between two: what the transport costs over the bytes it moves. The raw
 * side is node:net echoing blocks of the same size, in the same run, in turns.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { fileURLToPath } from "node:url";
import { peerName } from "../cluster/base/ids.ts";
import { parseAddress } from "../cluster/runtime/tcp.ts";
import type { Bench, Measurement, Scale } from "./bench.ts";
import { median, spread } from "./placement/statistics.ts";
import { measureFrames } from "./wire-codec.ts";
import { ECHO_SERVER, echoMessenger } from "./wire-echo.ts";

const BLOCK = 4096;
const IN_FLIGHT = 64;

export const wireBench: Bench = {
  name: "wire",
  about: "frames, checksums, and request/response over TCP",
  async run(scale, progress) {
    const frames = await measureFrames(scale, progress);
    return [...frames, ...(await measureEcho(scale, progress))];
  },
};

async function measureEcho(scale: Scale, progress: (step: string) => void): Promise<Measurement[]> {
  const seconds = scale === "full" ? 2 : 0.02;
  const rounds = scale === "full" ? 5 : 1;
  const kelp: number[] = [];
  const raw: number[] = [];
  const ratios: number[] = [];
  for (let round = 1; round <= rounds; round++) {
    progress(`echo ${round} of ${rounds}`);
    const rawRate = await withServer("raw", (address) => echoRaw(address, seconds));
    const kelpRate = await withServer("kelp", (address) => echoKelp(address, seconds));
    raw.push(rawRate);
    kelp.push(kelpRate);
    ratios.push(kelpRate / rawRate);
  }
  const what = "echo 4 KiB, 64 in flight, 2 processes";
  return [
    {
      what,
      value: median(kelp),
      unit: "requests/s",
      atLeast: 25_000,
      spread: spread(kelp),
    },
    { what: `${what}, raw node:net`, value: median(raw), unit: "blocks/s", spread: spread(raw) },
    {
      what: "echo, Kelp to raw node:net",
      value: median(ratios),
      unit: "x",
      spread: spread(ratios),
    },
  ];
}

/** The server runs from dist/, wherever this file was loaded from. */
async function withServer<T>(
  kind: "raw" | "kelp",
  use: (address: string) => Promise<T>,
): Promise<T> {
  const here = new URL(".", import.meta.url);
  const script = here.pathname.endsWith("/dist/bench/")
    ? new URL("wire-echo.js", here)
    : new URL("../dist/bench/wire-echo.js", here);
  const server: ChildProcess = fork(fileURLToPath(script), ["serve", kind], { execArgv: [] });
  try {
    const [address] = await once(server, "message");
    return await use(String(address));
  } finally {
    server.disconnect();
    await once(server, "exit");
  }
}

async function echoKelp(address: string, seconds: number): Promise<number> {
  const messenger = echoMessenger(peerName("client.echo"));
  messenger.route(ECHO_SERVER, address);
  const payload = new Uint8Array(BLOCK).fill(7);
  const ask = (number: number): Promise<unknown> =>
    messenger.request(ECHO_SERVER, { message: { type: "echo", number }, payload });
  await ask(0);
  const startMs = performance.now();
  const endMs = startMs + seconds * 1000;
  let count = 0;
  const worker = async (): Promise<void> => {
    while (performance.now() < endMs) {
      await ask(count);
      count += 1;
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker));
  const rate = (count / (performance.now() - startMs)) * 1000;
  await messenger.close();
  return rate;
}

async function echoRaw(address: string, seconds: number): Promise<number> {
  const socket = connect({ ...parseAddress(address), noDelay: true });
  await once(socket, "connect");
  const block = Buffer.alloc(BLOCK, 7);
  const startMs = performance.now();
  const endMs = startMs + seconds * 1000;
  let received = 0;
  let echoed = 0;
  socket.on("data", (chunk) => {
    received += chunk.byteLength;
    for (; (echoed + 1) * BLOCK <= received; echoed++) socket.write(block);
    if (performance.now() >= endMs) socket.destroy();
  });
  for (let count = 0; count < IN_FLIGHT; count++) socket.write(block);
  await once(socket, "close");
  return (echoed / (performance.now() - startMs)) * 1000;
}
