/** An operator who changes the map at random, asks for some things twice, and takes some back at once. */
import { isClusterError } from "../../../cluster/base/error.ts";
import type { OsdId } from "../../../cluster/base/ids.ts";
import {
  type Prng,
  randomBetween,
  randomChance,
  randomExponential,
  randomPick,
  randomU32,
} from "../../../cluster/base/prng.ts";
import { ControllerClient } from "../../../cluster/coordination/controller-client.ts";
import { PATHS } from "../../../cluster/coordination/paths.ts";
import type { Command } from "../../../cluster/message/command.ts";
import type { ControllerMessage } from "../../../cluster/message/controller.ts";
import { isZooKeeperError } from "../../../cluster/zookeeper/zookeeper-error.ts";
import type { SimEnv } from "../process.ts";
import { messengerOf, pause, treeOf } from "./daemon.ts";
import type { Orders } from "./orders.ts";

const REQUEST_MS = 15_000;
const FLAGS = ["noout", "noscrub", "nobackfill", "norebalance"] as const;
const RETRY_MS = 200;
const AGAIN_CHANCE = 0.2;
const UNDO_CHANCE = 0.3;

export interface OperatorOptions {
  readonly coordinator: string;
  readonly osds: readonly OsdId[];
  readonly orders: Orders;
  readonly thinkMsMean: number;
  readonly isOver: () => boolean;
  readonly rests: () => void;
}

export async function runOperator(env: SimEnv<never>, options: OperatorOptions): Promise<void> {
  const { osds, thinkMsMean, isOver, rests } = options;
  const { clock, prng } = env;
  const desk = new Desk(env, options);
  while (!isOver()) {
    await new Promise<void>((resolve) => {
      clock.after(randomExponential(prng, thinkMsMean), resolve);
    });
    const command = randomCommand(prng, osds);
    const request = desk.nextRequest();
    const [first] = await Promise.all([
      desk.give(request, command),
      ...(randomChance(prng, AGAIN_CHANCE / 2) ? [desk.give(request, command)] : []),
    ]);
    if (randomChance(prng, AGAIN_CHANCE)) await desk.give(request, command);
    if (first?.type !== "commandDone" || !randomChance(prng, UNDO_CHANCE)) continue;
    await desk.give(desk.nextRequest(), { type: "undo", epoch: first.epoch });
  }
  for (const command of settling(osds)) {
    while ((await desk.give(desk.nextRequest(), command))?.type !== "commandDone") {
      await pause(env, RETRY_MS);
    }
  }
  rests();
}

/** Whatever was done, data has a place again. */
function* settling(osds: readonly OsdId[]): Generator<Command> {
  yield { type: "flagUnset", flags: [...FLAGS] };
  for (const osd of osds) yield { type: "osdReweight", osd, weight: 1 };
}

class Desk {
  readonly #env: SimEnv<never>;
  readonly #orders: Orders;
  readonly #controller: ControllerClient;
  readonly #life: string;
  #lastRequest = 0;

  constructor(env: SimEnv<never>, { coordinator, orders }: OperatorOptions) {
    this.#env = env;
    this.#orders = orders;
    this.#life = randomU32(env.prng).toString(36);
    this.#controller = new ControllerClient({
      client: treeOf(env, coordinator),
      transport: messengerOf(env, { receive: () => {}, answer: () => Promise.reject() }),
      path: PATHS.controller,
      clock: env.clock,
    });
  }

  nextRequest(): string {
    this.#lastRequest += 1;
    return `${this.#env.name}.${this.#life}.${this.#lastRequest}`;
  }

  /** Undefined if there was no answer. */
  async give(requestId: string, command: Command): Promise<ControllerMessage | undefined> {
    const message = { type: "command", requestId, author: this.#env.name, command } as const;
    this.#orders.given(requestId, command);
    try {
      const answer = await this.#controller.request(message, { timeoutMs: REQUEST_MS });
      if (answer.type === "commandDone") {
        this.#orders.answered(requestId, { type: "done", epoch: answer.epoch });
      } else if (answer.type === "refused") this.#orders.answered(requestId, { type: "refused" });
      return answer;
    } catch (error) {
      if (!isClusterError(error) && !isZooKeeperError(error)) throw error;
      return undefined;
    }
  }
}

function randomCommand(prng: Prng, osds: readonly OsdId[]): Command {
  const osd = randomPick(prng, osds);
  const commands: readonly Command[] = [
    { type: "flagSet", flags: [randomPick(prng, FLAGS)] },
    { type: "flagUnset", flags: [randomPick(prng, FLAGS)] },
    { type: "osdOut", osds: [osd] },
    { type: "osdIn", osds: [osd] },
    { type: "osdDown", osds: [osd] },
    { type: "osdReweight", osd, weight: randomBetween(prng, 1, 100) / 100 },
    { type: "osdPrimaryAffinity", osd, affinity: randomBetween(prng, 0, 100) / 100 },
    { type: "crushReweight", item: `osd.${osd}`, weight: randomBetween(prng, 1, 40) / 10 },
    {
      type: "poolCreate",
      name: `pool${randomBetween(prng, 1, 3)}`,
      pgNum: 8,
      size: 2,
      minSize: 1,
      rule: undefined,
      application: "",
      confirm: true,
    },
  ];
  return randomPick(prng, commands);
}
