/** A client of the simulated ensemble: enters and reads, at times two entries at once, and asks until it is answered. */
import { ClusterError, isClusterError } from "../../../cluster/base/error.ts";
import type { PeerName } from "../../../cluster/base/ids.ts";
import {
  randomChance,
  randomExponential,
  randomPick,
  randomU32,
} from "../../../cluster/base/prng.ts";
import type { CounterHistory } from "../demo/counter-history.ts";
import type { SimEnv } from "../process.ts";
import type { Entry, LedgerMessage } from "./messages.ts";

const REQUEST_TIMEOUT_MS = 1_000;
const RETRY_MS_MEAN = 30;
const ENTER_SHARE = 0.7;
const PAIR_SHARE = 0.4;

export async function runClient(
  env: SimEnv<LedgerMessage>,
  options: {
    readonly names: readonly PeerName[];
    readonly thinkMsMean: number;
    readonly history: CounterHistory;
    readonly isOver: () => boolean;
    readonly answered: () => void;
  },
): Promise<void> {
  const { names, history } = options;
  const transport = env.attach({
    receive: () => {},
    answer: () => Promise.reject(new ClusterError("REMOTE_FAILED", "a client answers nobody")),
  });
  for (const name of names) transport.route(name, name);
  const session = 1 + (randomU32(env.prng) % (2 ** 32 - 1));
  const sleep = (msMean: number) =>
    new Promise<void>((resolve) => {
      env.clock.after(randomExponential(env.prng, msMean), resolve);
    });
  let target = randomPick(env.prng, names);
  const askUntilAnswered = async (message: LedgerMessage): Promise<number> => {
    for (;;) {
      try {
        const answer = await transport.request(
          target,
          { message },
          { timeoutMs: REQUEST_TIMEOUT_MS },
        );
        if (answer.message.type === "place") return answer.message.place;
      } catch (error) {
        if (!isClusterError(error)) throw error;
        target = randomPick(env.prng, names);
        await sleep(RETRY_MS_MEAN);
      }
    }
  };
  const operate = async (entry: Entry | undefined): Promise<void> => {
    const operation = history.begin(entry);
    const place = await askUntilAnswered(
      entry === undefined ? { type: "read" } : { type: "enter", ...entry },
    );
    env.log.debug(entry === undefined ? "read" : "entered", { place });
    history.end(operation, place);
    options.answered();
  };
  let request = 0;
  const enterNext = (): Promise<void> => {
    request += 1;
    return operate({ session, request });
  };
  while (!options.isOver()) {
    if (!randomChance(env.prng, ENTER_SHARE)) await operate(undefined);
    else if (randomChance(env.prng, PAIR_SHARE)) await Promise.all([enterNext(), enterNext()]);
    else await enterNext();
    await sleep(options.thinkMsMean);
  }
  // What is healed serves again.
  await operate(undefined);
}
