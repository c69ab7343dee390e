/**
 * Asks whoever is the controller. It is looked up in the tree, and looked up again when it does not answer or says that it
 * is none any more, until somebody answers or the time is over. So everything that is asked may be carried out twice
 * unless it carries an id: commands do, and what OSDs report may come twice.
 */
import type { Clock } from "../base/clock.ts";
import { ClusterError, isClusterError } from "../base/error.ts";
import { type PeerName, parsePeerName } from "../base/ids.ts";
import { type ControllerMessage, controllerAddress } from "../message/controller.ts";
import type { Transport } from "../runtime/transport.ts";
import { decode } from "../wire/codec.ts";
import { CodecError } from "../wire/codec-error.ts";
import type { ZooKeeperClient } from "../zookeeper/client.ts";
import { currentLeader } from "../zookeeper/recipe/leader-election.ts";
import { isPassing } from "../zookeeper/recipe/retry.ts";
import { isZooKeeperError } from "../zookeeper/zookeeper-error.ts";

/** Between two attempts: an election takes longer than this, and there is no watch on its outcome. */
const PAUSE_MS = 200;
/** A controller that is alive answers within it, or says that it is none. */
const ATTEMPT_MS = 5_000;
const REQUEST_MS = 30_000;

export interface ControllerClientOptions {
  readonly client: ZooKeeperClient;
  readonly transport: Transport<ControllerMessage>;
  /** Where controllers stand for election. */
  readonly path: string;
  readonly clock: Clock;
}

export class ControllerClient {
  readonly #options: ControllerClientOptions;
  #controller: PeerName | undefined;

  constructor(options: ControllerClientOptions) {
    this.#options = options;
  }

  /** The answer of the controller; rejects with TIMEOUT, saying what came of the last attempt. */
  async request(
    message: ControllerMessage,
    { timeoutMs = REQUEST_MS }: { readonly timeoutMs?: number } = {},
  ): Promise<ControllerMessage> {
    const { clock } = this.#options;
    const deadlineMs = clock.nowMs() + timeoutMs;
    let failure = "no controller stands for election; is one running?";
    for (let leftMs = timeoutMs; leftMs > 0; leftMs = deadlineMs - clock.nowMs()) {
      try {
        const answer = await this.#attempt(message, Math.min(leftMs, ATTEMPT_MS));
        if (answer !== undefined) return answer;
      } catch (error) {
        if (!this.#isPassing(error)) throw error;
        failure = error.message;
      }
      this.#controller = undefined;
      await this.#pause();
    }
    throw new ClusterError("TIMEOUT", `no controller answered within ${timeoutMs} ms: ${failure}`);
  }

  /** Undefined if there is no controller, or it has become another one. */
  async #attempt(
    message: ControllerMessage,
    timeoutMs: number,
  ): Promise<ControllerMessage | undefined> {
    const controller = this.#controller ?? (await this.#find());
    if (controller === undefined) return undefined;
    this.#controller = controller;
    const { transport } = this.#options;
    const { message: answer } = await transport.request(controller, { message }, { timeoutMs });
    return answer.type === "notController" ? undefined : answer;
  }

  async #find(): Promise<PeerName | undefined> {
    const { client, path, transport } = this.#options;
    const leader = await currentLeader(client, path);
    if (leader === undefined) return undefined;
    const found = addressOf(leader.address);
    if (found === undefined) return undefined;
    transport.route(found.name, found.address);
    return found.name;
  }

  /** Of the controller, or of the tree that tells who it is. */
  #isPassing(error: unknown): error is Error {
    if (isClusterError(error)) return PASSING.has(error.code);
    const isRenewed = this.#options.client.renews && isZooKeeperError(error, "SESSIONEXPIRED");
    return isRenewed || isPassing(error);
  }

  #pause(): Promise<void> {
    return new Promise((resolve) => {
      this.#options.clock.after(PAUSE_MS, resolve);
    });
  }
}

const PASSING = new Set(["CONNECTION_LOST", "OVERLOADED", "TIMEOUT", "UNREACHABLE", "INTERRUPTED"]);

function addressOf(
  data: Uint8Array,
): { readonly name: PeerName; readonly address: string } | undefined {
  try {
    const { name, address } = decode(controllerAddress, data);
    const peer = parsePeerName(name);
    return peer === undefined ? undefined : { name: peer, address };
  } catch (error) {
    if (error instanceof CodecError) return undefined;
    throw error;
  }
}
