/**
 * A client of the simulated ensemble: session after session, each with a few random requests at a time. It writes down
 * what it asked for and what it was told; the checkers of the scenario judge that.
 */
import { isClusterError } from "../../../cluster/base/error.ts";
import {
  randomBetween,
  randomChance,
  randomExponential,
  randomPick,
  randomU32,
} from "../../../cluster/base/prng.ts";
import { type StatusListener, ZooKeeperClient } from "../../../cluster/zookeeper/client.ts";
import { isZooKeeperError } from "../../../cluster/zookeeper/zookeeper-error.ts";
import type { SimEnv } from "../process.ts";
import { ACTS, type Act, DIRECTORIES } from "./acts.ts";
import { MAX_SESSION_TIMEOUT_MS, MIN_SESSION_TIMEOUT_MS } from "./member.ts";
import { Promises } from "./promises.ts";
import type { Visit } from "./visit.ts";
import { WireTap } from "./wire-tap.ts";
import type { Witness } from "./witness.ts";

export interface ClientOptions {
  readonly servers: string;
  readonly thinkMsMean: number;
  readonly workers: number;
  readonly witness: Witness;
  readonly isOver: () => boolean;
  /** Its session is to stay, and it is at rest. */
  readonly rests: (client: ZooKeeperClient) => void;
}

const VISIT_MS_MEAN = 4_000;

export async function runClient(env: SimEnv<never>, options: ClientOptions): Promise<void> {
  const { witness, isOver } = options;
  const life = randomU32(env.prng);
  for (let number = 1; ; number++) {
    const name = `${env.name}.${life.toString(36)}.${number}`;
    const promises = new Promises(name, witness.journal, witness.violated);
    const tap = new WireTap(env.streams, promises);
    const client = new ZooKeeperClient({
      servers: options.servers,
      network: tap,
      clock: env.clock,
      seed: randomU32(env.prng),
      sessionTimeoutMs: randomBetween(env.prng, MIN_SESSION_TIMEOUT_MS, MAX_SESSION_TIMEOUT_MS),
      onStatus: traced(env),
    });
    const visit = makeVisit(env, { client, tap, witness, name });
    await work(visit, options);
    witness.eventCount += promises.eventCount;
    if (isOver() && client.status === "connected") {
      options.rests(client);
      return;
    }
    await leave(visit);
  }
}

async function work(visit: Visit, { workers, thinkMsMean, isOver }: ClientOptions): Promise<void> {
  const { env, client } = visit;
  let isLeaving = false;
  const timer = env.clock.after(randomExponential(env.prng, VISIT_MS_MEAN), () => {
    isLeaving = true;
  });
  const isDone = (): boolean => isLeaving || isOver() || isEnded(client);
  const loop = async (): Promise<void> => {
    while (!isDone()) {
      await attempt(visit, randomPick(env.prng, ACTS));
      await visit.sleep(thinkMsMean);
    }
  };
  await attempt(visit, makeDirectories);
  await Promise.all(Array.from({ length: workers }, loop));
  timer.cancel();
  if (!isOver()) return;
  // A session in doubt is known again when something is answered, or it is over.
  while (!isEnded(client) && !(await attempt(visit, confirmEphemerals))) await visit.sleep(50);
}

/** Most sessions are closed; some clients just go, and their sessions have to expire. */
async function leave({ env, client, tap, witness, name }: Visit): Promise<void> {
  witness.lock.released(name);
  if (!isEnded(client) && randomChance(env.prng, 0.4)) tap.shut();
  await client.close();
}

/** False if it came to nothing, for a reason that may pass. */
async function attempt(visit: Visit, act: Act): Promise<boolean> {
  try {
    await act(visit);
    return true;
  } catch (error) {
    if (!isClusterError(error) && !isZooKeeperError(error)) throw error;
    return false;
  }
}

async function makeDirectories({ client }: Visit): Promise<void> {
  for (const path of DIRECTORIES) {
    try {
      await client.create(path);
    } catch (error) {
      if (!isZooKeeperError(error, "NODEEXISTS")) throw error;
    }
  }
}

/** Every node that it was told it has, it has. */
async function confirmEphemerals({ client, witness, name }: Visit): Promise<void> {
  const present = new Set(await client.getEphemerals("/eph"));
  for (const path of witness.ephemeralsOf(name)) {
    if (!present.has(path)) witness.violated(`${name} has a session, and ${path} is gone`);
  }
}

function isEnded({ status }: ZooKeeperClient): boolean {
  return status === "expired" || status === "closed" || status === "authFailed";
}

function traced(env: SimEnv<never>): StatusListener {
  return ({ status, reason }) => env.log.debug(status, { reason });
}

function makeVisit(
  env: SimEnv<never>,
  rest: Pick<Visit, "client" | "tap" | "witness" | "name">,
): Visit {
  let count = 0;
  return {
    env,
    ...rest,
    token() {
      count += 1;
      return `<${rest.name}.${count.toString(36)}>`;
    },
    sleep: (meanMs) =>
      new Promise((resolve) => {
        env.clock.after(randomExponential(env.prng, meanMs), resolve);
      }),
  };
}
