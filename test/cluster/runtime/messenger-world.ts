/** Messengers on a simulated network, with a log of what each was told: for the tests of the transport's parts. */
import { ClusterError } from "../../../cluster/base/error.ts";
import { type PeerName, peerName } from "../../../cluster/base/ids.ts";
import { SILENT_LOG } from "../../../cluster/base/log.ts";
import { createPrng, randomBytes } from "../../../cluster/base/prng.ts";
import { Messenger } from "../../../cluster/runtime/messenger.ts";
import type {
  Outgoing,
  Received,
  RequestContext,
  TransportHandler,
} from "../../../cluster/runtime/transport.ts";
import { record, str } from "../../../cluster/wire/codec.ts";
import type { HandshakeIdentity } from "../../../cluster/wire/handshake.ts";
import { createRegistry, type MessageOf } from "../../../cluster/wire/registry.ts";
import { versioned } from "../../../cluster/wire/versioned.ts";
import { Scheduler } from "../../sim/scheduler.ts";
import { NO_STREAM_FAULTS, SimStreamNetwork } from "../../sim/stream-network.ts";
import { virtualClock } from "../../support/virtual-clock.ts";

export const noteRegistry = createRegistry({
  note: { id: 0x0100, body: versioned(1, record({ text: str })) },
});
export type Note = MessageOf<typeof noteRegistry>;

export const A = peerName("osd.1");
export const B = peerName("osd.2");
export const B_ADDRESS = "b:6800";

export function note(text: string): { message: Note } {
  return { message: { type: "note", text } };
}

export interface Member {
  readonly messenger: Messenger<Note>;
  /** "note osd.1: text", "connected osd.1", "lost osd.1". */
  readonly events: string[];
  /** Replaced by tests; by default requests are answered in capitals, and "refuse" is refused. */
  answer: (received: Received<Note>, context: RequestContext) => Promise<Outgoing<Note>>;
  receive: (received: Received<Note>) => void | Promise<void>;
}

export class MessengerWorld {
  readonly scheduler = new Scheduler();
  readonly clock = virtualClock(this.scheduler);
  readonly network: SimStreamNetwork;
  readonly #prng = createPrng(7);

  constructor() {
    const { scheduler } = this;
    const trace = { record: () => {} };
    const faults = { ...NO_STREAM_FAULTS, pieceBytesMax: 1000 };
    this.network = new SimStreamNetwork({ scheduler, prng: this.#prng, trace, faults });
  }

  member(name: PeerName, identity: Partial<HandshakeIdentity> = {}): Member {
    const events: string[] = [];
    const handler: TransportHandler<Note> = {
      receive: (received) => member.receive(received),
      answer: (received, context) => member.answer(received, context),
      connectionChanged: (peer, connected) => {
        events.push(`${connected ? "connected" : "lost"} ${peer}`);
      },
    };
    const messenger = new Messenger<Note>({
      identity: {
        name,
        clusterKey: new Uint8Array(32).fill(1),
        versionMin: 1,
        versionMax: 1,
        features: [],
        requiredFeatures: [],
        ...identity,
      },
      registry: noteRegistry,
      network: this.network.host(name),
      clock: this.clock,
      log: SILENT_LOG,
      prng: this.#prng,
      randomBytes: (size) => randomBytes(this.#prng, size),
      handler,
      fail: (error) => {
        events.push(`bug: ${String(error)}`);
      },
    });
    const member: Member = {
      messenger,
      events,
      receive: ({ from, message }) => {
        events.push(`note ${from}: ${message.text}`);
      },
      answer: async ({ message }) => {
        if (message.text === "refuse") throw new ClusterError("STORE_FULL", "no room");
        return note(message.text.toUpperCase());
      },
    };
    return member;
  }

  /** A knows where B is. */
  async pair(): Promise<{ a: Member; b: Member }> {
    const [a, b] = [this.member(A), this.member(B)];
    await this.settle(b.messenger.listen(B_ADDRESS));
    a.messenger.route(B, B_ADDRESS);
    return { a, b };
  }

  passMs(ms: number): Promise<unknown> {
    return this.scheduler.run(() => false, this.scheduler.nowMs + ms);
  }

  /** Lets virtual time pass until the promise settles: its value, or the code of its ClusterError. */
  async settle<T>(promise: Promise<T>, withinMs = 60_000): Promise<T | string> {
    let outcome: { value: T | string } | undefined;
    promise.then(
      (value) => {
        outcome = { value };
      },
      (error: unknown) => {
        outcome = { value: error instanceof ClusterError ? error.code : String(error) };
      },
    );
    await this.scheduler.run(() => outcome !== undefined, this.scheduler.nowMs + withinMs);
    return outcome === undefined ? "still waiting" : outcome.value;
  }

  /** The text of the answer to a request, or the code of its failure. */
  async ask(from: Member, to: PeerName, text: string, timeoutMs = 1_000): Promise<string> {
    const answer = await this.settle(from.messenger.request(to, note(text), { timeoutMs }));
    return typeof answer === "string" ? answer : answer.message.text;
  }
}
