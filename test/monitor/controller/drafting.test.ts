import { describe, expect, test } from "vitest";
import { type Epoch, osdId } from "../../../cluster/base/ids.ts";
import { REQUESTS_PER_EPOCH_MAX } from "../../../cluster/map/epoch-record.ts";
import { FULL_SHARE, NEW_OSD } from "../../../cluster/map/osd-info.ts";
import type { OsdMap } from "../../../cluster/map/osd-map.ts";
import { applyDelta, digestOf, EMPTY_MAP } from "../../../cluster/map/osd-map-delta.ts";
import {
  abandon,
  awaitLatest,
  baseOf,
  createDrafting,
  draftOf,
  GATHER_MS,
  hasRoom,
  notePublished,
  propose,
  takePublication,
} from "../../../monitor/controller/drafting.ts";
import { edit } from "../../../monitor/controller/edit.ts";

const WRITER = { controller: "mon.1", wallMs: 1_000 };

const withOsd = (map: OsdMap, id: number): OsdMap => ({
  ...map,
  osds: new Map(map.osds).set(osdId(id), NEW_OSD),
  shares: new Map(map.shares).set(osdId(id), FULL_SHARE),
});

class Desk {
  readonly drafting = createDrafting<string>(EMPTY_MAP);
  nowMs = 0;

  waiter(call: number) {
    return { call, answer: (epoch: Epoch) => `epoch ${epoch}` };
  }

  add(osd: number, call?: number) {
    const map = withOsd(draftOf(this.drafting), osd);
    const waiter = call === undefined ? {} : { waiter: this.waiter(call) };
    const request = `request ${osd}`;
    return propose(
      this.drafting,
      edit(map, `add osd.${osd}`),
      { author: "somebody", request, ...waiter },
      this.nowMs,
    );
  }

  take() {
    return takePublication(this.drafting, WRITER, this.nowMs);
  }
}

describe("edits become epochs", () => {
  test("those that come together are one, with every cause and request", () => {
    const desk = new Desk();
    desk.add(1);
    desk.add(2);
    expect(desk.take()).toEqual({ answers: [] });
    desk.nowMs += GATHER_MS;
    const { publication } = desk.take();
    expect(publication?.record).toMatchObject({
      epoch: 1,
      controller: "mon.1",
      wallMs: 1_000,
      causes: [
        { author: "somebody", what: "add osd.1" },
        { author: "somebody", what: "add osd.2" },
      ],
      requests: ["request 1", "request 2"],
    });
    const map = applyDelta(EMPTY_MAP, publication?.record.rows ?? []);
    expect([...map.osds.keys()]).toEqual([1, 2]);
    expect([map.digest, digestOf(map)]).toEqual(Array(2).fill(publication?.record.digest));
  });

  test("one is in flight at a time, and the next one is made on top of it", () => {
    const desk = new Desk();
    desk.add(1);
    desk.nowMs += GATHER_MS;
    expect(desk.take().publication?.record.epoch).toBe(1);
    expect(baseOf(desk.drafting).epoch).toBe(1);
    desk.add(2);
    desk.nowMs += GATHER_MS;
    expect(desk.take()).toEqual({ answers: [] });
    notePublished(desk.drafting);
    const { publication } = desk.take();
    expect(publication?.record.epoch).toBe(2);
    expect([...(publication?.map.osds.keys() ?? [])]).toEqual([1, 2]);
  });

  test("an epoch that is full is published at once", () => {
    const desk = new Desk();
    for (let osd = 0; osd < REQUESTS_PER_EPOCH_MAX; osd++) {
      expect(hasRoom(desk.drafting)).toBe(true);
      const map = withOsd(draftOf(desk.drafting), osd % 8);
      propose(desk.drafting, edit(map, "add"), { author: "somebody" }, desk.nowMs);
    }
    expect(hasRoom(desk.drafting)).toBe(false);
    expect(desk.take().publication?.record.causes).toHaveLength(REQUESTS_PER_EPOCH_MAX);
    expect(hasRoom(desk.drafting)).toBe(true);
  });

  test("an edit that another takes back makes none", () => {
    const desk = new Desk();
    desk.add(1, 7);
    propose(desk.drafting, edit(EMPTY_MAP, "remove"), { author: "somebody" }, desk.nowMs);
    desk.nowMs += GATHER_MS;
    expect(desk.take()).toEqual({ answers: [{ call: 7, answer: "epoch 0" }] });
  });
});

describe("who waits is answered", () => {
  test("when the epoch with the change is published, not before", () => {
    const desk = new Desk();
    expect(desk.add(1, 7)).toEqual([]);
    desk.nowMs += GATHER_MS;
    expect(desk.take().answers).toEqual([]);
    expect(desk.add(2, 8)).toEqual([]);
    expect(notePublished(desk.drafting)).toEqual([{ call: 7, answer: "epoch 1" }]);
    desk.nowMs += GATHER_MS;
    desk.take();
    expect(notePublished(desk.drafting)).toEqual([{ call: 8, answer: "epoch 2" }]);
  });

  test("at once if all was so before and nothing is under way", () => {
    const desk = new Desk();
    const nothing = edit(draftOf(desk.drafting), "nothing");
    const waiter = desk.waiter(7);
    expect(propose(desk.drafting, nothing, { author: "somebody", waiter }, 0)).toEqual([
      { call: 7, answer: "epoch 0" },
    ]);
  });

  test("with what is under way if a change there made it so", () => {
    const desk = new Desk();
    desk.add(1);
    expect(awaitLatest(desk.drafting, desk.waiter(7))).toEqual([]);
    desk.nowMs += GATHER_MS;
    desk.take();
    expect(awaitLatest(desk.drafting, desk.waiter(8))).toEqual([]);
    expect(notePublished(desk.drafting)).toEqual([
      { call: 7, answer: "epoch 1" },
      { call: 8, answer: "epoch 1" },
    ]);
  });

  test("by another controller if this one can publish no more", () => {
    const desk = new Desk();
    desk.add(1, 7);
    desk.nowMs += GATHER_MS;
    desk.take();
    desk.add(2, 8);
    expect(abandon(desk.drafting)).toEqual([7, 8]);
    expect([draftOf(desk.drafting), desk.take()]).toEqual([EMPTY_MAP, { answers: [] }]);
  });
});
