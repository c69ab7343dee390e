/**
 * What a member does for syncs (M9): as whoever asks the leader, and as the leader, who confirms itself by a heartbeat
 * round that begins after the question. Whose turn it is stands in `syncs`; messages and heartbeats are sent here.
 */
import { requestConfirmation } from "./consensus/leader.ts";
import type { Leading, NodeId } from "./consensus/state.ts";
import type { MonitorState } from "./monitor-state.ts";
import { isLeader } from "./replica/replica.ts";
import {
  awaitConfirmation,
  confirmSyncs,
  needsConfirmation,
  startConfirmation,
  syncConfirmed,
  takeDoneSyncs,
} from "./syncs.ts";

/** For our own server. */
export function askSync(state: MonitorState, tag: number): void {
  const { leader } = state.leadership;
  if (isLeader(state.replica)) awaitConfirmation(state.syncs, { from: undefined, tag });
  else if (leader !== undefined) {
    const message = { type: "syncAsk", tag: state.syncBase + tag } as const;
    state.out.push({ type: "tell", to: leader, message });
  }
}

export function syncAsked(state: MonitorState, from: NodeId, tag: number): void {
  if (!isLeader(state.replica)) return;
  if (state.rules.syncConfirmed) {
    awaitConfirmation(state.syncs, { from, tag });
    return;
  }
  const message = { type: "syncTell", tag, slot: state.replica.consensus.commit } as const;
  state.out.push({ type: "tell", to: from, message });
}

/** Not what an earlier process in our place had asked: that says nothing of what was chosen since. */
export function syncTold(state: MonitorState, { tag, slot }: { tag: number; slot: number }): void {
  const own = tag - state.syncBase;
  if (own >= 1 && own <= state.server.syncTag) syncConfirmed(state.syncs, { tag: own, slot });
}

/** After every event. The tags of our own server's that are done, each once. */
export function advanceSyncs(state: MonitorState): readonly number[] {
  const { syncs, replica, ledEpoch } = state;
  const { role } = replica.consensus;
  if (role.type === "leader" && role.round === ledEpoch) {
    tellConfirmed(state, role);
    while (needsConfirmation(syncs)) {
      startConfirmation(syncs, requestConfirmation(replica.consensus, state.nowMs, state.out));
      // One member alone is its own majority, at once.
      tellConfirmed(state, role);
    }
  }
  return takeDoneSyncs(syncs, replica.applied);
}

function tellConfirmed(state: MonitorState, { confirmedSequence }: Leading): void {
  const slot = state.replica.consensus.commit;
  for (const { from, tag } of confirmSyncs(state.syncs, confirmedSequence)) {
    if (from === undefined) syncConfirmed(state.syncs, { tag, slot });
    else state.out.push({ type: "tell", to: from, message: { type: "syncTell", tag, slot } });
  }
}
