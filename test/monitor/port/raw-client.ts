/** A socket that keeps what it gets, and tells when there is enough of it. */
import { connect, type Socket } from "node:net";
import { parseAddress } from "../../../cluster/runtime/tcp.ts";
import { encode } from "../../../cluster/wire/codec.ts";
import { PacketDecoder } from "../../../cluster/zookeeper/packet-decoder.ts";
import { connectRequest } from "../../../cluster/zookeeper/session-records.ts";

export class RawClient {
  readonly socket: Socket;
  readonly packets: Uint8Array[] = [];
  text = "";
  isClosed = false;
  readonly #decoder = new PacketDecoder(1 << 26);
  #wake: () => void = () => {};

  constructor(address: string) {
    this.socket = connect({ ...parseAddress(address), allowHalfOpen: true });
    this.socket.on("data", (chunk: Buffer) => {
      this.text += chunk.toString("latin1");
      this.#decoder.push(chunk);
      this.#wake();
    });
    this.socket.on("error", () => {});
    for (const event of ["end", "close"]) {
      this.socket.on(event, () => {
        this.isClosed = true;
        this.#wake();
      });
    }
  }

  send(packet: Uint8Array): void {
    const size = Buffer.alloc(4);
    size.writeInt32BE(packet.byteLength);
    this.socket.write(Buffer.concat([size, packet]));
  }

  connect(): Promise<Uint8Array> {
    this.send(
      encode(connectRequest, {
        protocolVersion: 0,
        lastZxidSeen: 0,
        timeOut: 10_000,
        sessionId: 0n,
        passwd: new Uint8Array(16),
        readOnly: false,
      }),
    );
    return this.packet();
  }

  /** The next packet; rejects if the connection ends before. */
  async packet(): Promise<Uint8Array> {
    for (;;) {
      const packet = this.#decoder.next();
      if (packet !== undefined) return packet;
      if (this.isClosed) throw new Error("the connection is closed");
      await this.#change();
    }
  }

  async closed(): Promise<void> {
    while (!this.isClosed) await this.#change();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}
