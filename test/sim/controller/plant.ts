/** Bugs that are planted on purpose: a rule of the controller, or of its publisher, that is off. Each must be found. */
import type { ZooKeeperClient } from "../../../cluster/zookeeper/client.ts";
import type { MultiOp } from "../../../cluster/zookeeper/multi-records.ts";
import { isPassing, pauseAfter } from "../../../cluster/zookeeper/recipe/retry.ts";
import { isZooKeeperError } from "../../../cluster/zookeeper/zookeeper-error.ts";
import { ALL_RULES, type ControllerRules } from "../../../monitor/controller/controller-state.ts";

export const PLANTS = [
  "one-witness",
  "publishes-deposed",
  "answers-early",
  "forgets-requests",
] as const;
export type Plant = (typeof PLANTS)[number];

const RULES_OF_PLANT: Readonly<Record<Plant, Partial<ControllerRules>>> = {
  "one-witness": { twoWitnesses: false },
  "publishes-deposed": {},
  "answers-early": { answerPublished: false },
  "forgets-requests": { rememberRequests: false },
};

export function rulesOf(plant: Plant | undefined): ControllerRules {
  return { ...ALL_RULES, ...(plant !== undefined && RULES_OF_PLANT[plant]) };
}

/**
 * Whatever this client writes as a controller it writes until it is done, also in a session after the one that won the
 * election, and without the check that this one has won it.
 */
export function withoutCheck(client: ZooKeeperClient): ZooKeeperClient {
  const multi = client.multi.bind(client);
  client.multi = async (ops: readonly MultiOp[]) => {
    const [check, ...rest] = ops;
    if (check?.type !== "check") return multi(ops);
    for (;;) {
      try {
        const results = await multi(rest);
        return [{ type: "check" }, ...results];
      } catch (error) {
        const isPast = isZooKeeperError(error, "SESSIONEXPIRED");
        if (!isPast && !isPassing(error)) throw error;
        await pauseAfter(client, error);
      }
    }
  };
  return client;
}
