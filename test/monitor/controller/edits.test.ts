import { describe, expect, test } from "vitest";
import type { Epoch } from "../../../cluster/base/ids.ts";
import type { OsdMap } from "../../../cluster/map/osd-map.ts";
import { edit, refused } from "../../../monitor/controller/edit.ts";
import { proposeEdit, taken, viewOf } from "../../../monitor/controller/edits.ts";
import { ControllerDesk, MAP } from "./controller-desk.ts";

const flagged = (draft: OsdMap) => edit({ ...draft, flags: new Set(["noout"]) }, "set noout");

function propose(desk: ControllerDesk, make: Parameters<typeof proposeEdit>[2], call?: number) {
  const asker = { author: "me", ...(call !== undefined && { call }) };
  proposeEdit(desk.state, desk.term, make, asker, desk.nowMs);
}

describe("an edit", () => {
  test("is made of the draft as it is, and is seen in it", () => {
    const desk = new ControllerDesk();
    propose(desk, flagged);
    const { base, draft } = viewOf(desk.term);
    expect([base, draft.flags]).toEqual([MAP, new Set(["noout"])]);
    let given: OsdMap | undefined;
    propose(desk, (map) => {
      given = map;
      return edit(map, "look");
    });
    expect(given).toBe(draft);
  });

  test("of a map that is in flight has that one for its base", () => {
    const desk = new ControllerDesk();
    propose(desk, flagged);
    desk.gather();
    expect(viewOf(desk.term).base.epoch).toBe(2);
    expect(viewOf(desk.term).draft).toBe(viewOf(desk.term).base);
  });

  test("that nobody waits for is answered to nobody", () => {
    const desk = new ControllerDesk();
    propose(desk, flagged);
    propose(desk, () => refused("INVALID", "no"));
    desk.settle();
    expect(desk.answers).toEqual([]);
    expect(desk.map.flags.size).toBe(1);
  });

  test("answers its own way, with the epoch that it got into", () => {
    const desk = new ControllerDesk();
    const answer = (epoch: Epoch, { what }: { readonly what: string }) =>
      ({ type: "commandDone", epoch, text: what }) as const;
    proposeEdit(desk.state, desk.term, flagged, { author: "me", call: 7 }, desk.nowMs, answer);
    desk.settle();
    expect(desk.answerTo(7)).toEqual({ type: "commandDone", epoch: 2, text: "set noout" });
    expect(taken(MAP.epoch)).toEqual({ type: "taken", epoch: 1 });
  });
});
