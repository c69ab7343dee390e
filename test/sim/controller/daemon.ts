/** What every simulated daemon of a cluster has: a session with the tree, and a messenger. */
import { isClusterError } from "../../../cluster/base/error.ts";
import type { PeerName } from "../../../cluster/base/ids.ts";
import {
  randomBytes,
  randomExponential,
  randomInt,
  randomU32,
} from "../../../cluster/base/prng.ts";
import { openTree, treeIdentity } from "../../../cluster/coordination/identity.ts";
import { type ControllerMessage, controllerRegistry } from "../../../cluster/message/controller.ts";
import { Messenger } from "../../../cluster/runtime/messenger.ts";
import type { TransportHandler } from "../../../cluster/runtime/transport.ts";
import type { ZooKeeperClient } from "../../../cluster/zookeeper/client.ts";
import { isZooKeeperError } from "../../../cluster/zookeeper/zookeeper-error.ts";
import type { SimEnv } from "../process.ts";

const KEY = new Uint8Array(32).fill(9);
export const { acl: ACL } = treeIdentity(KEY);
const PORT = 6800;
const RANDOM_BOUND = 2 ** 52;
export const SESSION_TIMEOUT_MS = 3_000;

export function addressOf(name: PeerName): string {
  return `${name}:${PORT}`;
}

export function randomNonce(env: SimEnv<never>): number {
  return 1 + randomInt(env.prng, RANDOM_BOUND);
}

export function treeOf(env: SimEnv<never>, coordinator: string): ZooKeeperClient {
  return openTree({
    coordinator,
    key: KEY,
    clock: env.clock,
    network: env.streams,
    seed: randomU32(env.prng),
    sessionTimeoutMs: SESSION_TIMEOUT_MS,
    onStatus: ({ status, reason }) => env.log.debug(status, { reason }),
  });
}

/** Of a daemon that is reached under its address, or of a client that is reached nowhere. */
export function messengerOf(
  env: SimEnv<never>,
  handler: TransportHandler<ControllerMessage>,
): Messenger<ControllerMessage> {
  return new Messenger({
    identity: {
      name: env.name,
      clusterKey: KEY,
      versionMin: 1,
      versionMax: 1,
      features: [],
      requiredFeatures: [],
    },
    registry: controllerRegistry,
    network: env.streams,
    clock: env.clock,
    log: env.log,
    prng: env.prng,
    randomBytes: (size) => randomBytes(env.prng, size),
    handler,
    fail: env.exit,
  });
}

const RETRY_MS_MEAN = 300;

export function pause({ clock }: SimEnv<never>, durationMs: number): Promise<void> {
  return new Promise((resolve) => clock.after(durationMs, resolve));
}

/** Until it is done: faults pass. */
export async function retried<T>(env: SimEnv<never>, act: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await act();
    } catch (error) {
      if (!isClusterError(error) && !isZooKeeperError(error)) throw error;
      env.log.debug("tries again", { error: error.message });
      await pause(env, randomExponential(env.prng, RETRY_MS_MEAN));
    }
  }
}
