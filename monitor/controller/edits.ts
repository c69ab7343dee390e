/** How whatever changes the map gets its change into the draft, and its answer. */
import type { Epoch } from "../../cluster/base/ids.ts";
import type { OsdMap } from "../../cluster/map/osd-map.ts";
import { nextEpoch } from "../../cluster/map/osd-map-delta.ts";
import type { ControllerMessage } from "../../cluster/message/controller.ts";
import type { ControllerState, Term } from "./controller-state.ts";
import { baseOf, draftOf, hasRoom, propose } from "./drafting.ts";
import { type Edit, type EditResult, type Refusal, refused } from "./edit.ts";
import type { EpochDraft } from "./osd-rows.ts";

export interface Asker {
  /** Who it is put down to in the history. */
  readonly author: string;
  readonly request?: string;
  readonly call?: number;
}

export function viewOf({ drafting }: Term): EpochDraft {
  return { base: baseOf(drafting), draft: draftOf(drafting) };
}

/** A refusal is answered at once. */
export function proposeEdit<Made extends EditResult>(
  state: ControllerState,
  term: Term,
  make: (draft: OsdMap) => Made,
  { author, request, call }: Asker,
  nowMs: number,
  answer: (epoch: Epoch, made: Made & Edit) => ControllerMessage = taken,
): void {
  const { drafting } = term;
  const made: EditResult = hasRoom(drafting)
    ? make(draftOf(drafting))
    : refused("LATER", "too much changes at once; ask again in a moment");
  if (made.type === "refused") {
    if (call !== undefined) answerRefusal(state, call, made);
    return;
  }
  const answerAt = (epoch: Epoch) => answer(epoch, made as Made & Edit);
  const waiter =
    call === undefined || !state.rules.answerPublished ? undefined : { call, answer: answerAt };
  const proposal = {
    author,
    ...(request !== undefined && { request }),
    ...(waiter !== undefined && { waiter }),
  };
  if (call !== undefined && waiter === undefined) {
    const message = answerAt(nextEpoch(baseOf(drafting)));
    state.out.push({ type: "answer", call, message });
  }
  for (const answered of propose(drafting, made, proposal, nowMs)) {
    state.out.push({ type: "answer", call: answered.call, message: answered.answer });
  }
}

export function answerRefusal(
  state: ControllerState,
  call: number,
  { code, message }: Refusal,
): void {
  state.out.push({ type: "answer", call, message: { type: "refused", code, message } });
}

export function taken(epoch: Epoch): ControllerMessage {
  return { type: "taken", epoch };
}
