import { describe, expect, test } from "vitest";
import { epoch, osdId } from "../../../cluster/base/ids.ts";
import type { OsdMap } from "../../../cluster/map/osd-map.ts";
import {
  createHeartbeats,
  type HeartbeatEffect,
  type HeartbeatEvent,
  PING_MS,
  REPORT_AGAIN_MS,
  stepHeartbeats,
} from "../../../osd/heartbeat/heartbeats.ts";
import { osdMapWorld } from "../../cluster/map/osd-map-world.ts";

const GRACE_MS = 5_000;
const TICK_MS = 50;
const MAP = osdMapWorld({ racks: 1, hosts: 3, osds: 1 });
/** Of every OSD in it. */
const UP_FROM = epoch(1);

class Heart {
  readonly state = createHeartbeats(osdId(0), GRACE_MS);
  nowMs = 0;

  constructor() {
    this.follow(MAP);
  }

  step(event: HeartbeatEvent | { readonly type: "tick"; readonly lateMs: number }) {
    return stepHeartbeats(this.state, event, this.nowMs);
  }

  follow(map: OsdMap): void {
    this.step({ type: "mapChanged", map, sharing: new Set() });
  }

  /** Peers that answer do so at once. What is not a ping is returned. */
  run(durationMs: number, answering: readonly number[]): HeartbeatEffect[] {
    const others: HeartbeatEffect[] = [];
    for (const endMs = this.nowMs + durationMs; this.nowMs < endMs; this.nowMs += TICK_MS) {
      for (const effect of this.step({ type: "tick", lateMs: 0 })) {
        if (effect.type !== "ping") others.push(effect);
        else if (answering.includes(effect.peer)) {
          others.push(...this.step({ ...effect, type: "ponged", upFrom: UP_FROM }));
        }
      }
    }
    return others;
  }
}

const silent = (osd: number) => ({ type: "reportFailure", osd, upFrom: 1, kind: "silent" });

describe("heartbeats", () => {
  test("go to every peer, every second", () => {
    const heart = new Heart();
    expect(heart.step({ type: "tick", lateMs: 0 })).toEqual([
      { type: "ping", peer: 1, sentMs: 0 },
      { type: "ping", peer: 2, sentMs: 0 },
    ]);
    heart.nowMs = PING_MS - 1;
    expect(heart.step({ type: "tick", lateMs: 0 })).toEqual([]);
    heart.nowMs = PING_MS;
    expect(heart.step({ type: "tick", lateMs: 0 })).toHaveLength(2);
  });

  test("that are answered report nothing", () => {
    expect(new Heart().run(60_000, [1, 2])).toEqual([]);
  });

  test("without an answer for the grace are reported, and again while it lasts", () => {
    const heart = new Heart();
    expect(heart.run(GRACE_MS, [1])).toEqual([]);
    expect(heart.run(TICK_MS, [1])).toMatchObject([{ ...silent(2), silentMs: GRACE_MS }]);
    const again = heart.run(2 * REPORT_AGAIN_MS, [1]);
    expect(again).toMatchObject([silent(2), silent(2)]);
  });

  test("that are answered again take the report back, once", () => {
    const heart = new Heart();
    heart.run(GRACE_MS + PING_MS, [1]);
    expect(heart.run(3 * PING_MS, [1, 2])).toEqual([{ type: "reportAlive", osd: 2, upFrom: 1 }]);
  });

  test("of which an old answer comes late do not count as heard", () => {
    const heart = new Heart();
    heart.run(GRACE_MS, [1]);
    heart.step({ type: "ponged", peer: osdId(2), upFrom: UP_FROM, sentMs: 0 });
    expect(heart.run(TICK_MS, [1])).toMatchObject([silent(2)]);
  });
});

describe("a refused connection", () => {
  test("is reported at once, and once until it is time to say so again", () => {
    const heart = new Heart();
    const report = { type: "reportFailure", osd: 1, kind: "refused", silentMs: 0 };
    expect(heart.step({ type: "refused", peer: osdId(1), upFrom: UP_FROM })).toMatchObject([
      report,
    ]);
    expect(heart.step({ type: "refused", peer: osdId(1), upFrom: UP_FROM })).toEqual([]);
    expect(heart.run(REPORT_AGAIN_MS, [2])).toEqual([]);
    expect(heart.run(TICK_MS, [2])).toMatchObject([{ type: "reportFailure", kind: "refused" }]);
  });

  test("and an answer are of the process that was asked for, not of one that came after it", () => {
    const heart = new Heart();
    const upFrom = epoch(UP_FROM - 1);
    expect(heart.step({ type: "refused", peer: osdId(1), upFrom })).toEqual([]);
    heart.run(GRACE_MS, [1]);
    heart.step({ type: "ponged", peer: osdId(2), upFrom, sentMs: heart.nowMs });
    expect(heart.run(TICK_MS, [1])).toMatchObject([silent(2)]);
  });

  test("is nobody's if it is no peer's", () => {
    expect(new Heart().step({ type: "refused", peer: osdId(7), upFrom: UP_FROM })).toEqual([]);
    expect(
      new Heart().step({ type: "ponged", peer: osdId(7), upFrom: UP_FROM, sentMs: 0 }),
    ).toEqual([]);
  });
});

describe("a peer has its full time", () => {
  test("when it comes up again: it is another incarnation", () => {
    const heart = new Heart();
    heart.run(GRACE_MS - TICK_MS, [1]);
    const info = { ...MAP.osds.get(osdId(2)), upFrom: epoch(9) };
    heart.follow({ ...MAP, osds: new Map(MAP.osds).set(osdId(2), info as never) });
    expect(heart.run(GRACE_MS, [1])).toEqual([]);
    expect(heart.run(TICK_MS, [1])).toMatchObject([{ ...silent(2), upFrom: 9 }]);
  });

  test("when we stood still: its answers wait in our queue", () => {
    const heart = new Heart();
    heart.run(PING_MS, [1, 2]);
    heart.nowMs += 60_000;
    const effects = heart.step({ type: "tick", lateMs: 60_000 });
    expect(effects.filter(({ type }) => type === "reportFailure")).toEqual([]);
  });

  test("and less of it when the grace is made shorter", () => {
    const heart = new Heart();
    heart.run(2_000, [1, 2]);
    heart.run(2_000, [1]);
    heart.step({ type: "graceChanged", graceMs: 2_000 });
    expect(heart.run(TICK_MS, [1])).toMatchObject([silent(2)]);
  });
});

test("who is down in the map is pinged no more", () => {
  const heart = new Heart();
  const info = { ...MAP.osds.get(osdId(2)), up: false };
  heart.follow({ ...MAP, osds: new Map(MAP.osds).set(osdId(2), info as never) });
  expect(heart.step({ type: "tick", lateMs: 0 })).toEqual([{ type: "ping", peer: 1, sentMs: 0 }]);
});
