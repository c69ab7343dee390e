import { describe, expect, test } from "vitest";
import { utf8 } from "../../../cluster/base/bytes.ts";
import type { Recovered } from "../../../monitor/consensus/state.ts";
import { Testimony } from "./testimony.ts";

function recovered(round: number, last: number, applied = 0): Recovered {
  const entry = { round: 1, value: utf8("x") };
  const entries = Array.from({ length: last - applied }, (_, index) => ({
    slot: applied + 1 + index,
    entry,
  }));
  return { identity: undefined, promise: { round, node: 1 }, entries, applied };
}

function violationsOf(use: (testimony: Testimony) => void): string[] {
  const violations: string[] = [];
  use(new Testimony("mon.1", (reason) => violations.push(reason)));
  return violations;
}

function accepted(round: number, to: number, gap = false) {
  return { type: "accepted", round, life: 1, to, gap } as const;
}

describe("what a member said", () => {
  test("is fine if its disk has as much, or more", () => {
    const violations = violationsOf((testimony) => {
      testimony.recovered(recovered(0, 0));
      testimony.said(accepted(3, 7));
      testimony.said(accepted(3, 5));
      testimony.said(accepted(3, 9, true));
      testimony.recovered(recovered(3, 7));
      testimony.recovered(recovered(4, 9, 8));
      testimony.recovered(recovered(3, 8, 8));
    });
    expect(violations).toEqual([]);
  });

  test("is missed: a slot", () => {
    const violations = violationsOf((testimony) => {
      testimony.said(accepted(3, 7));
      testimony.recovered(recovered(3, 6));
    });
    expect(violations).toEqual(["mon.1 accepted up to slot 7 and has 6"]);
  });

  test.each([
    { type: "promised", round: 4, life: 1, commit: 0, accepted: [] } as const,
    accepted(4, 0),
  ])("is missed: the promise in $type", (message) => {
    const violations = violationsOf((testimony) => {
      testimony.said(message);
      testimony.recovered(recovered(3, 9));
    });
    expect(violations).toEqual(["mon.1 promised round 4 and remembers 3"]);
  });

  test("is not looked for on another disk", () => {
    const violations = violationsOf((testimony) => {
      testimony.said(accepted(3, 7));
      testimony.void();
      testimony.recovered(recovered(0, 0));
    });
    expect(violations).toEqual([]);
  });
});
