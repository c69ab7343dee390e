/** What the log tells a person of a member's place: whom it follows, whether it serves, and what it waits for if not. */
import type { ConsensusState, LogEffect, NodeId } from "./consensus/state.ts";

export function followsNotice({ promise }: ConsensusState, leader: NodeId): LogEffect {
  return notice("info", `follows ${nameOf(leader)} in round ${promise.round}`);
}

export function servingNotice(
  { consensus, applied }: { readonly consensus: ConsensusState; readonly applied: number },
  isServing: boolean,
): LogEffect {
  if (isServing) return notice("info", "serves clients");
  return notice("warn", `serves no clients: ${whyNotServing(consensus, applied)}`);
}

export function whyNotServing(state: ConsensusState, applied: number): string {
  const { standing, leader, members, majority, catchUpSlot, rejoinTarget } = state;
  switch (standing) {
    case "empty":
      return `the store is empty, and a new ensemble begins once all members have met${unheard(state)}`;
    case "forming":
      return `a new ensemble begins, and it waits for the others${unheard(state)}`;
    case "rejoining":
      return rejoinTarget === undefined
        ? `the store was empty, so it has to hear from the others${unheard(state)}`
        : `the store was empty; it fetches what the others have, to slot ${rejoinTarget.slot}`;
    case "acceptor":
      break;
  }
  if (leader === undefined) {
    const needed = `${majority} of the members ${members.join(", ")} must reach each other`;
    return members.length === 1 ? "it is about to lead" : `no leader, ${needed}${unheard(state)}`;
  }
  if (leader === state.self) return "it begins to lead";
  if (applied < catchUpSlot) return `it catches up with the leader, ${nameOf(leader)}`;
  return `no majority is known to stand behind the leader, ${nameOf(leader)}`;
}

/** Members of which this process has never heard, if there are any. */
function unheard({ others, heard }: ConsensusState): string {
  const silent = others.filter((node) => (heard.get(node)?.life ?? 0) === 0);
  return silent.length === 0 ? "" : `; nothing was heard yet of ${silent.map(nameOf).join(", ")}`;
}

function nameOf(node: NodeId): string {
  return `mon.${node}`;
}

function notice(level: LogEffect["level"], message: string): LogEffect {
  return { type: "log", level, message, fields: {} };
}
