/**
 * Shell: connections between members. Where nothing but addresses tells members from strangers, connections from other
 * addresses are closed before a byte of them is looked at.
 */
import { lookup } from "node:dns/promises";
import type { Clock } from "../cluster/base/clock.ts";
import type { Log } from "../cluster/base/log.ts";
import type { ByteStream, StreamNetwork } from "../cluster/runtime/stream.ts";
import { parseAddress } from "../cluster/runtime/tcp.ts";

/** Names are looked up again, at most so often, when a stranger knocks: a member may have moved. */
const LOOKUP_MS = 5_000;
/** Strangers that knock more often are counted. */
const REFUSAL_LOG_MS = 1_000;

export class KnownHosts {
  readonly #hosts: readonly string[];
  readonly #clock: Pick<Clock, "nowMs">;
  #addresses = new Set<string>();
  #lookedUpMs = Number.NEGATIVE_INFINITY;
  /** Under way, for all who ask meanwhile: members often come together. */
  #lookup: Promise<void> | undefined;

  constructor(hosts: readonly string[], clock: Pick<Clock, "nowMs">) {
    this.#hosts = hosts;
    this.#clock = clock;
  }

  async has(host: string): Promise<boolean> {
    const plain = plainHost(host);
    if (this.#addresses.has(plain)) return true;
    const nowMs = this.#clock.nowMs();
    if (nowMs - this.#lookedUpMs >= LOOKUP_MS) {
      this.#lookedUpMs = nowMs;
      this.#lookup = this.#lookUp();
    }
    await this.#lookup;
    return this.#addresses.has(plain);
  }

  async #lookUp(): Promise<void> {
    const found = await Promise.all(this.#hosts.map(addressesOf));
    this.#addresses = new Set(found.flat());
  }
}

/** The network as it is, but for strangers that connect to us. */
export function guardedNetwork(
  network: StreamNetwork,
  options: {
    readonly known: Pick<KnownHosts, "has">;
    readonly log: Log;
    readonly clock: Pick<Clock, "nowMs">;
  },
): StreamNetwork {
  const { known, log, clock } = options;
  let loggedMs = Number.NEGATIVE_INFINITY;
  let notLogged = 0;
  const refuse = (stream: ByteStream, host: string): void => {
    stream.destroy();
    const nowMs = clock.nowMs();
    if (nowMs - loggedMs < REFUSAL_LOG_MS) {
      notLogged += 1;
      return;
    }
    log.warn("refused a connection that comes from no member", { host, notLogged });
    loggedMs = nowMs;
    notLogged = 0;
  };
  return {
    connect: (address, signal) => network.connect(address, signal),
    listen: (address, accept) =>
      network.listen(address, (stream) => {
        const { host } = parseAddress(stream.remoteAddress);
        known.has(host).then(
          (isKnown) => (isKnown ? accept(stream) : refuse(stream, host)),
          () => refuse(stream, host),
        );
      }),
  };
}

async function addressesOf(host: string): Promise<string[]> {
  try {
    const found = await lookup(host, { all: true });
    return found.map(({ address }) => plainHost(address));
  } catch {
    return []; // A name that cannot be looked up now belongs to nobody now.
  }
}

/** An IPv4 address as it comes through an IPv6 socket is the same address. */
function plainHost(host: string): string {
  return host.startsWith("::ffff:") ? host.slice("::ffff:".length) : host;
}
