/**
 * A client of the counter: straight-line asynchronous code, one operation after another, each asked
 * again until it is answered. A new life has forgotten what it asked before, so it is a new
 * session.
 */
import { assert } from "../../../cluster/base/assert.ts";
import { ClusterError, isClusterError } from "../../../cluster/base/error.ts";
import type { PeerName } from "../../../cluster/base/ids.ts";
import { randomChance, randomExponential, randomU32 } from "../../../cluster/base/prng.ts";
import type { Transport } from "../../../cluster/runtime/transport.ts";
import type { SimEnv } from "../process.ts";
import type { CounterHistory } from "./counter-history.ts";
import type { CounterMessage } from "./messages.ts";

const REQUEST_TIMEOUT_MS = 200;
const RETRY_MS_MEAN = 50;
const INCREMENT_SHARE = 0.7;

type Env = SimEnv<CounterMessage>;

export async function runClient(
  env: Env,
  options: {
    primary: PeerName;
    thinkMsMean: number;
    history: CounterHistory;
    isOver: () => boolean;
  },
): Promise<void> {
  const { primary, history } = options;
  const transport = env.attach({
    receive: () => {},
    answer: () => Promise.reject(new ClusterError("REMOTE_FAILED", "a client answers nobody")),
  });
  transport.route(primary, primary);
  const session = randomU32(env.prng);
  for (let request = 1; !options.isOver(); request++) {
    const entry = randomChance(env.prng, INCREMENT_SHARE) ? { session, request } : undefined;
    const message = entry === undefined ? READ : { type: "increment" as const, ...entry };
    const operation = history.begin(entry);
    const count = await askUntilAnswered(env, transport, primary, message);
    env.log.debug(message.type, { count });
    history.end(operation, count);
    await sleep(env, options.thinkMsMean);
  }
}

const READ: CounterMessage = { type: "read" };

async function askUntilAnswered(
  env: Env,
  transport: Transport<CounterMessage>,
  primary: PeerName,
  message: CounterMessage,
): Promise<number> {
  for (;;) {
    try {
      const options = { timeoutMs: REQUEST_TIMEOUT_MS };
      const answer = await transport.request(primary, { message }, options);
      assert(answer.message.type === "counted", "every request is answered with a count");
      return answer.message.count;
    } catch (error) {
      if (!isClusterError(error)) throw error;
      await sleep(env, RETRY_MS_MEAN);
    }
  }
}

function sleep(env: Env, msMean: number): Promise<void> {
  return new Promise((resolve) => {
    env.clock.after(randomExponential(env.prng, msMean), resolve);
  });
}
