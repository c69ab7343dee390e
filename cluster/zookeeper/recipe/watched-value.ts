/**
 * A node's data, always the newest that this client may see. Changes that follow each other quickly
 * may be told as one; the last is never left out.
 */
import type { ZooKeeperClient } from "../client.ts";
import { unless } from "./retry.ts";
import { Routine } from "./routine.ts";

export interface Value {
  readonly data: Uint8Array;
  readonly version: number;
  readonly mzxid: number;
}

export interface WatchedValueOptions {
  readonly client: ZooKeeperClient;
  readonly path: string;
  /** Undefined: there is no such node. Told first when it has been read, then on each change. */
  readonly onChange: (value: Value | undefined) => void;
  /** It is not watched any more: the session is over for good, or a server refused. */
  readonly onFailure: (error: unknown) => void;
}

export class WatchedValue {
  readonly #options: WatchedValueOptions;
  readonly #routine: Routine;
  #value: Value | undefined;
  #isKnown = false;

  constructor(options: WatchedValueOptions) {
    this.#options = options;
    this.#routine = new Routine({
      client: options.client,
      look: () => this.#look(),
      failed: options.onFailure,
    });
  }

  /** As of the last look; stale while the client is not connected. */
  get value(): Value | undefined {
    return this.#value;
  }

  async stop(): Promise<void> {
    this.#routine.stop();
    await this.#routine.ended;
  }

  async #look(): Promise<void> {
    const { client, path } = this.#options;
    const watch = this.#routine.poke;
    const read = await unless("NONODE", client.getData(path, { watch }));
    if (read !== undefined) {
      const { version, mzxid } = read.stat;
      this.#tell({ data: read.data, version, mzxid });
      return;
    }
    const isThere = (await client.exists(path, { watch })) !== undefined;
    // It came between the two requests.
    if (isThere) this.#routine.poke();
    else this.#tell(undefined);
  }

  #tell(value: Value | undefined): void {
    const isSame = value?.mzxid === this.#value?.mzxid && value?.version === this.#value?.version;
    if ((this.#isKnown && isSame) || this.#routine.isStopped) return;
    this.#isKnown = true;
    this.#value = value;
    this.#options.onChange(value);
  }
}
