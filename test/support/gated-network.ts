/** A network that a test can close: connections end, and no new ones are made until it is opened. */
import { ClusterError } from "../../cluster/base/error.ts";
import type { ByteStream, StreamNetwork } from "../../cluster/runtime/stream.ts";

export class GatedNetwork implements StreamNetwork {
  readonly #network: StreamNetwork;
  readonly #streams = new Set<ByteStream>();
  #isOpen = true;

  constructor(network: StreamNetwork) {
    this.#network = network;
  }

  close(): void {
    this.#isOpen = false;
    for (const stream of this.#streams) stream.destroy();
    this.#streams.clear();
  }

  open(): void {
    this.#isOpen = true;
  }

  listen: StreamNetwork["listen"] = (address, accept) => this.#network.listen(address, accept);

  async connect(address: string, signal: AbortSignal): Promise<ByteStream> {
    const stream = this.#isOpen ? await this.#network.connect(address, signal) : undefined;
    if (stream !== undefined && this.#isOpen) {
      this.#streams.add(stream);
      return stream;
    }
    stream?.destroy();
    throw new ClusterError("UNREACHABLE", `${address}: the test has closed the network`);
  }
}
