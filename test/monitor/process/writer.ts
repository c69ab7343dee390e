/** Writes one node after the other, through whatever happens to the servers, and remembers what was acknowledged. */

import { randomUUID } from "node:crypto";
import { utf8 } from "../../../cluster/base/bytes.ts";
import { isClusterError } from "../../../cluster/base/error.ts";
import type { ZooKeeperClient } from "../../../cluster/zookeeper/client.ts";

export class Writer {
  readonly #client: ZooKeeperClient;
  /** Of what it writes. */
  readonly parent = `/written-${randomUUID()}`;
  readonly #acknowledged: string[] = [];
  readonly #waiting: { readonly count: number; readonly resolve: () => void }[] = [];
  #running: Promise<void> | undefined;
  #isEnding = false;
  #lostCount = 0;
  #failure: unknown;

  constructor(client: ZooKeeperClient) {
    this.#client = client;
  }

  get acknowledged(): readonly string[] {
    return this.#acknowledged;
  }

  /** Requests of which it is not known whether they were carried out. */
  get lostCount(): number {
    return this.#lostCount;
  }

  async start(): Promise<void> {
    await this.#client.create(this.parent);
    this.#running = this.#run();
    await this.untilAcknowledged(20);
  }

  /** So many more than there are now. */
  async untilAcknowledged(more: number): Promise<void> {
    const count = this.#acknowledged.length + more;
    await new Promise<void>((resolve) => this.#waiting.push({ count, resolve }));
    if (this.#failure !== undefined) throw this.#failure;
  }

  async end(): Promise<void> {
    this.#isEnding = true;
    await this.#running;
    if (this.#failure !== undefined) throw this.#failure;
  }

  async #run(): Promise<void> {
    try {
      for (let number = 1; !this.#isEnding; number++) await this.#write(`${number}`);
    } catch (error) {
      this.#failure = error;
      for (const { resolve } of this.#waiting.splice(0)) resolve();
    }
  }

  /** What may or may not have happened counts as not acknowledged. */
  async #write(name: string): Promise<void> {
    try {
      await this.#client.create(`${this.parent}/${name}`, utf8(name));
    } catch (error) {
      if (!isClusterError(error, "CONNECTION_LOST") && !isClusterError(error, "UNREACHABLE")) {
        throw error;
      }
      this.#lostCount += 1;
      return;
    }
    this.#acknowledged.push(name);
    while ((this.#waiting[0]?.count ?? Number.POSITIVE_INFINITY) <= this.#acknowledged.length) {
      this.#waiting.shift()?.resolve();
    }
  }
}
