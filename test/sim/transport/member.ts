/**
 * A process with a production messenger and much to say: requests, notes, bursts of both, answers that take their
 * time. Now and then it forgets where a peer is, or closes its messenger and opens another one.
 */
import {
  ClusterError,
  type ClusterErrorCode,
  isClusterError,
} from "../../../cluster/base/error.ts";
import type { PeerName } from "../../../cluster/base/ids.ts";
import {
  forkPrng,
  type Prng,
  randomBetween,
  randomBytes,
  randomChance,
  randomExponential,
  randomPick,
} from "../../../cluster/base/prng.ts";
import { Messenger } from "../../../cluster/runtime/messenger.ts";
import type { ByteStream, StreamNetwork } from "../../../cluster/runtime/stream.ts";
import { parseAddress } from "../../../cluster/runtime/tcp.ts";
import type { Outgoing, Received, RequestContext } from "../../../cluster/runtime/transport.ts";
import { CodecError } from "../../../cluster/wire/codec-error.ts";
import type { SimEnv } from "../process.ts";
import type { Life } from "./life.ts";
import { payloadOf, type Talk, talkRegistry, VERDICTS } from "./messages.ts";
import { lossyStream, type Plant } from "./plant.ts";
import { type Ask, answerKey, type Witness } from "./witness.ts";

/** What must happen by some time may be so much later: fractions of milliseconds are rounded up. */
const SLACK_MS = 20;
const PORTS = [6800, 6801];
const REOPEN_MS_MEAN = 200;
const FINAL_TIMEOUT_MS = 3_000;
const FINAL_PAUSE_MS = 100;
const HOLD_MS_MAX = 3_000;
const BURST_MAX = 600;

export interface Load {
  readonly thinkMsMean: number;
  readonly holdMsMean: number;
  /** Most payloads are far smaller. */
  readonly payloadSizeMax: number;
}

export interface MemberOptions {
  readonly env: SimEnv<Talk>;
  readonly witness: Witness;
  readonly peers: readonly PeerName[];
  /** A client listens nowhere: it is reached on the connections that it dials. */
  readonly isClient: boolean;
  readonly load: Load;
  readonly plant: Plant;
}

interface Open {
  readonly life: Life;
  readonly messenger: Messenger<Talk>;
  readonly streams: Set<ByteStream>;
  readonly sequences: Map<PeerName, number>;
}

export class Member {
  readonly #options: MemberOptions;
  readonly #prng: Prng;

  constructor(options: MemberOptions) {
    this.#options = options;
    this.#prng = forkPrng(options.env.prng);
  }

  async run(): Promise<void> {
    const { env, witness, peers, isClient, load } = this.#options;
    witness.booted(env.name);
    let open = await this.#open();
    while (!witness.isOver) {
      await this.#sleep(randomExponential(this.#prng, load.thinkMsMean));
      if (randomChance(this.#prng, 0.01)) open = await this.#reopen(open);
      else this.#act(open);
    }
    for (;;) {
      await Promise.all(peers.map((peer) => this.#reach(open, peer)));
      witness.finished(env.name);
      // Nobody can reach a client that a peer has left by closing, before it dials again.
      if (!isClient) return;
      await this.#sleep(FINAL_PAUSE_MS);
    }
  }

  async #open(): Promise<Open> {
    const { env, witness, peers, isClient } = this.#options;
    const { name, clock, log } = env;
    const life = witness.opens(name);
    const streams = new Set<ByteStream>();
    const messenger: Messenger<Talk> = new Messenger({
      identity: {
        name,
        clusterKey: new Uint8Array(32).fill(1),
        versionMin: 1,
        versionMax: 1,
        features: [],
        requiredFeatures: [],
      },
      registry: talkRegistry,
      network: this.#watched(life, streams),
      clock,
      log,
      prng: forkPrng(this.#prng),
      randomBytes: (size) => randomBytes(this.#prng, size),
      handler: {
        receive: (received) => this.#receive(life, received),
        answer: (received, context) => this.#answer(open, received, context),
        connectionChanged: (peer, connected, reason) =>
          log.debug(connected ? "connected" : "lost", { peer, reason }),
      },
      fail: (error) => env.exit(error),
    });
    const open: Open = { life, messenger, streams, sequences: new Map() };
    const port = randomPick(this.#prng, PORTS);
    const address = isClient ? undefined : await messenger.listen(`${name}:${port}`);
    witness.opened(life, address);
    for (const peer of peers) this.#route(open, peer);
    return open;
  }

  /** Closes while there is work, and goes on asking on what is closing. */
  async #reopen(old: Open): Promise<Open> {
    const { env, witness, plant } = this.#options;
    const graceMs = randomPick(this.#prng, [500, 3_000, 5_000]);
    env.log.debug("closes", { graceMs });
    witness.closing(old.life, env.clock.nowMs() + graceMs);
    const closed = this.#mustSettle(old.messenger.close(graceMs), graceMs, "a graceful close");
    if (plant === "early-end") for (const stream of old.streams) stream.destroy();
    this.#act(old);
    await closed;
    this.#act(old);
    await this.#sleep(randomExponential(this.#prng, REOPEN_MS_MEAN));
    return this.#open();
  }

  /** Counts the streams, and remembers them. */
  #watched(life: Life, streams: Set<ByteStream>): StreamNetwork {
    const { env, plant } = this.#options;
    const seen = (peerAddress: string, stream: ByteStream): ByteStream => {
      life.addStream(parseAddress(peerAddress).host);
      streams.add(stream);
      return plant === "lost-chunk" ? lossyStream(stream, this.#prng) : stream;
    };
    return {
      listen: (address, accept) =>
        env.streams.listen(address, (stream) => accept(seen(stream.remoteAddress, stream))),
      connect: async (address, signal) => seen(address, await env.streams.connect(address, signal)),
    };
  }

  #act(open: Open): void {
    const { peers } = this.#options;
    const peer = randomPick(this.#prng, peers);
    const chance = randomBetween(this.#prng, 1, 1_000);
    if (chance <= 20) this.#forget(open, peer);
    else if (chance <= 120) for (const each of peers) this.#route(open, each);
    else if (chance <= 124) this.#burst(() => this.#askSomething(open, peer));
    else if (chance <= 128) this.#burst(() => this.#note(open, peer));
    else if (chance <= 400) this.#note(open, peer);
    else this.#askSomething(open, peer);
  }

  #burst(act: () => void): void {
    for (let left = randomBetween(this.#prng, 2, BURST_MAX); left > 0; left--) act();
  }

  #route(open: Open, peer: PeerName): void {
    const { witness } = this.#options;
    const address = witness.addresses.get(peer);
    witness.routed(open.life, peer, address);
    open.messenger.route(peer, address);
  }

  #forget(open: Open, peer: PeerName): void {
    this.#options.witness.routed(open.life, peer, undefined);
    open.messenger.route(peer, undefined);
  }

  #note({ life, messenger, sequences }: Open, peer: PeerName): void {
    const sequence = (sequences.get(peer) ?? 0) + 1;
    sequences.set(peer, sequence);
    const holdMs = Math.floor(this.#drawHoldMs());
    const payload = payloadOf(sequence, this.#drawSize());
    messenger.send(peer, {
      message: { type: "note", life: life.number, sequence, holdMs },
      payload: this.#cut(payload),
    });
  }

  #receive(life: Life, received: Received<Talk>): void | Promise<void> {
    const { witness } = this.#options;
    const { from, message, payload } = received;
    witness.received(life, received);
    const finish = (): void => life.release(from, payload.byteLength, false);
    if (message.type !== "note" || message.holdMs === 0) return finish();
    return this.#sleep(message.holdMs).then(finish);
  }

  #askSomething(open: Open, peer: PeerName): void {
    const prng = this.#prng;
    const timeoutMs = randomChance(prng, 0.3) ? randomExponential(prng, 100) + 0.1 : 5_000;
    const controller = new AbortController();
    const ask = this.#newAsk(open, peer, {
      verdict: randomChance(prng, 0.8) ? "answer" : randomPick(prng, VERDICTS),
      holdMs: this.#drawHoldMs(),
      timeoutMs,
    });
    const cancel = (): void => {
      ask.isCancelled = true;
      controller.abort();
    };
    if (randomChance(prng, 0.01)) cancel();
    else if (randomChance(prng, 0.15)) {
      this.#options.env.clock.after(randomExponential(prng, 50), cancel);
    }
    void this.#ask(open, ask, timeoutMs, controller.signal);
  }

  #newAsk(
    { life }: Open,
    to: PeerName,
    plan: Pick<Ask, "verdict" | "holdMs"> & { timeoutMs: number },
  ): Ask {
    const { env, witness } = this.#options;
    const { verdict, holdMs, timeoutMs } = plan;
    return witness.asked({
      from: life,
      to,
      verdict,
      holdMs,
      timeoutMs,
      size: this.#drawSize(),
      answerSize: this.#drawSize(),
      deadlineMs: env.clock.nowMs() + timeoutMs,
    });
  }

  /** Whether it was answered. */
  async #ask(
    { messenger }: Open,
    ask: Ask,
    timeoutMs: number,
    signal?: AbortSignal,
  ): Promise<boolean> {
    const { env, witness } = this.#options;
    const { number, verdict, to, size } = ask;
    const answer = messenger.request(
      to,
      {
        message: { type: "ask", number, verdict },
        payload: this.#cut(payloadOf(number, size)),
      },
      { timeoutMs, ...(signal && { signal }) },
    );
    try {
      const received = await this.#mustSettle(answer, timeoutMs, `request ${number}`);
      witness.answered(ask, received);
      return true;
    } catch (error) {
      witness.failed(ask, error, env.clock.nowMs());
      env.log.debug("failed", { number, code: isClusterError(error) ? error.code : "bug" });
      return false;
    }
  }

  async #answer(
    open: Open,
    received: Received<Talk>,
    context: RequestContext,
  ): Promise<Outgoing<Talk>> {
    const { env, witness, plant } = this.#options;
    const ask = witness.starts(open.life, received);
    if (ask === undefined) throw new ClusterError("STORE_FAILED", "nobody asked this");
    if (plant === "handled-twice" && randomChance(this.#prng, 0.01)) {
      witness.starts(open.life, received);
    }
    const outcome = await this.#work(open, ask, context);
    const nowMs = env.clock.nowMs();
    witness.ends(open.life, ask, { outcome, nowMs, payload: received.payload });
    if (outcome === "REMOTE_FAILED") throw new CodecError("BAD_STATE", "garbled", 0);
    if (outcome !== "answered") throw new ClusterError(outcome, "refused");
    const payload = this.#cut(payloadOf(answerKey(ask), ask.answerSize));
    return { message: { type: "told", number: ask.number }, payload };
  }

  async #work(
    open: Open,
    ask: Ask,
    { signal, deadlineMs }: RequestContext,
  ): Promise<"answered" | ClusterErrorCode> {
    const { env, witness, peers } = this.#options;
    const startMs = env.clock.nowMs();
    if (ask.holdMs > 0) await this.#sleep(ask.holdMs);
    if (signal.aborted) return "STORE_CLOSED";
    // A stopped process learns everything late, and this before its deadline if this was due first.
    if (startMs + ask.holdMs > deadlineMs + SLACK_MS) {
      witness.violated(`the handler of request ${ask.number} was not told that it is too late`);
    }
    if (ask.verdict === "refuse") return "STORE_FULL";
    if (ask.verdict === "garbled") return "REMOTE_FAILED";
    if (ask.verdict === "answer") return "answered";
    const plan = { verdict: "answer" as const, holdMs: 0, timeoutMs: 500 };
    const further = this.#newAsk(open, randomPick(this.#prng, peers), plan);
    return (await this.#ask(open, further, plan.timeoutMs)) ? "answered" : "STORE_FAILED";
  }

  /** Asks until an answer comes. */
  async #reach(open: Open, peer: PeerName): Promise<void> {
    const { env, witness } = this.#options;
    for (;;) {
      this.#route(open, peer);
      const plan = { verdict: "answer" as const, holdMs: 0, timeoutMs: FINAL_TIMEOUT_MS };
      const ask = this.#newAsk(open, peer, plan);
      if (await this.#ask(open, ask, plan.timeoutMs)) break;
      await this.#sleep(FINAL_PAUSE_MS);
    }
    witness.talked(env.name, peer);
  }

  /** The same promise; it is a violation if it is still pending then. */
  async #mustSettle<T>(promise: Promise<T>, withinMs: number, what: string): Promise<T> {
    const { env, witness } = this.#options;
    const watch = (ms: number): (() => void) => {
      const dueMs = env.clock.nowMs() + ms;
      const timer = env.clock.after(ms, () => {
        // Who was stopped has much to do first.
        if (env.clock.nowMs() - dueMs > 0.01) cancel = watch(SLACK_MS);
        else witness.violated(`${what} of ${env.name} did not settle within ${withinMs} ms`);
      });
      return () => timer.cancel();
    };
    let cancel = watch(withinMs + SLACK_MS);
    try {
      return await promise;
    } finally {
      cancel();
    }
  }

  #sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#options.env.clock.after(ms, resolve);
    });
  }

  #drawHoldMs(): number {
    const { holdMsMean } = this.#options.load;
    if (randomChance(this.#prng, 0.5)) return 0;
    return Math.min(HOLD_MS_MAX, randomExponential(this.#prng, holdMsMean));
  }

  #drawSize(): number {
    const { payloadSizeMax } = this.#options.load;
    const chance = randomBetween(this.#prng, 1, 100);
    if (chance <= 30) return 0;
    if (chance <= 98) return randomBetween(this.#prng, 1, Math.min(2_000, payloadSizeMax));
    return randomBetween(this.#prng, 1, payloadSizeMax);
  }

  /** Whole, or in two chunks. */
  #cut(payload: Uint8Array): Uint8Array | readonly Uint8Array[] {
    if (payload.byteLength < 2 || randomChance(this.#prng, 0.7)) return payload;
    const at = randomBetween(this.#prng, 1, payload.byteLength - 1);
    return [payload.subarray(0, at), payload.subarray(at)];
  }
}
