import { describe, expect, test } from "vitest";
import { present } from "../../cluster/base/assert.ts";
import { SYNC_OP, withSession } from "./lone-core.ts";

describe("a follower", () => {
  test("answers a sync when the leader has confirmed itself and its slot is applied", () => {
    const core = withSession();
    core.ask(1, 1, SYNC_OP, Buffer.from("\0\0\0\u0001/", "latin1"));
    const [asked] = core.told("syncAsk");
    const message = present(asked, "a question").message as { tag: number };
    core.effects.length = 0;
    core.asked(2, { type: "syncTell", tag: message.tag, slot: 3 });
    expect(core.taken()).toEqual([]);
    core.accept(3, []);
    expect(core.taken()).toContain("write");
  });

  test("takes no answer to an earlier process in its place for one of its own", () => {
    const core = withSession();
    core.ask(1, 1, SYNC_OP, Buffer.from("\0\0\0\u0001/", "latin1"));
    core.effects.length = 0;
    for (const tag of [0, 1, 500, 1_000, 1_002, 5_000, 2 ** 52]) {
      core.asked(2, { type: "syncTell", tag, slot: 0 });
    }
    expect(core.taken()).toEqual([]);
    core.asked(2, { type: "syncTell", tag: 1_001, slot: 0 });
    expect(core.taken()).toEqual(["write"]);
  });
});
