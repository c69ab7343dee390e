/** Any session with any server, against the plainest account of what was asked, sent and answered. */
import fc from "fast-check";
import { expect, test } from "vitest";
import { wakeAtMs } from "../../../cluster/zookeeper/session-core.ts";
import type { SessionEffect } from "../../../cluster/zookeeper/session-state.ts";
import { packetLine, replyPacket, ScriptedSession } from "./scripted-session.ts";

type Act =
  | {
      readonly type: "ask" | "open" | "welcome" | "answer" | "garbage" | "lose" | "expire" | "wake";
    }
  | { readonly type: "pass"; readonly ms: number }
  | { readonly type: "refuse"; readonly err: number };

const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 6, arbitrary: fc.constant({ type: "ask" } as const) },
  { weight: 3, arbitrary: fc.constant({ type: "open" } as const) },
  { weight: 3, arbitrary: fc.constant({ type: "welcome" } as const) },
  { weight: 6, arbitrary: fc.constant({ type: "answer" } as const) },
  {
    weight: 1,
    arbitrary: fc.record({ type: fc.constant("refuse" as const), err: fc.constant(-101) }),
  },
  { weight: 1, arbitrary: fc.constant({ type: "garbage" } as const) },
  { weight: 2, arbitrary: fc.constant({ type: "lose" } as const) },
  { weight: 1, arbitrary: fc.constant({ type: "expire" } as const) },
  { weight: 3, arbitrary: fc.constant({ type: "wake" } as const) },
  { weight: 2, arbitrary: fc.record({ type: fc.constant("pass" as const), ms: fc.nat(4000) }) },
);

class Account {
  readonly session: ScriptedSession;
  readonly asked: number[] = [];
  readonly replies = new Map<number, string>();
  readonly sent = new Set<number>();
  /** Of the present connection: xids that the server has not answered, pings aside. */
  unanswered: { xid: number; id: number }[] = [];
  isOpen = false;
  isWelcome = false;

  constructor(renews: boolean) {
    this.session = new ScriptedSession({ servers: ["a:1", "b:1"], renews, outstandingMax: 5 });
  }

  take(effects: readonly SessionEffect[]): void {
    for (const effect of effects) {
      if (effect.type === "connect") {
        this.isOpen = false;
        this.isWelcome = false;
        this.unanswered = [];
      }
      if (effect.type === "send") this.#takeSent(effect.packet);
      if (effect.type === "reply") {
        expect(this.asked).toContain(effect.id);
        expect(this.replies.has(effect.id)).toBe(false);
        const { outcome } = effect;
        this.replies.set(effect.id, outcome.type === "failed" ? outcome.why : outcome.type);
      }
    }
    const { state } = this.session;
    expect(state.outstandingCount).toBe(this.asked.length - this.replies.size);
    expect(state.outstandingCount).toBeLessThanOrEqual(5);
    if (state.outstandingCount === 0) expect(state.outstandingBytes).toBe(0);
    if (state.link.type !== "ended") expect(wakeAtMs(state)).toBeLessThan(Number.POSITIVE_INFINITY);
  }

  #takeSent(packet: Uint8Array): void {
    const [first = "", , path = ""] = packetLine(packet).split(" ");
    if (first === "hello" || first === "-2") return;
    expect(this.isWelcome).toBe(true);
    if (path === "") return;
    const id = Number(path.slice(1));
    expect(this.sent.has(id)).toBe(false);
    this.sent.add(id);
    this.unanswered.push({ xid: Number(first), id });
  }

  act(what: Act): void {
    const { session } = this;
    const { attempt } = session.state;
    switch (what.type) {
      case "ask": {
        const id = this.asked.length + 1;
        this.asked.push(id);
        const path = `/${id}`;
        const body = { path, version: 0 };
        this.take(session.effects({ type: "requested", id, operation: "delete", body, path }));
        break;
      }
      case "open":
        if (session.state.link.type !== "connecting" || this.isOpen) break;
        this.isOpen = true;
        this.take(session.effects({ type: "connected", attempt }));
        break;
      case "welcome":
      case "expire":
        if (!this.isOpen || this.isWelcome) break;
        this.isWelcome = what.type === "welcome";
        this.#welcome(what.type === "welcome");
        break;
      case "answer":
        this.#answer(0);
        break;
      case "refuse":
        this.#answer(what.err);
        break;
      case "garbage":
        if (!this.isWelcome) break;
        this.take(session.effects({ type: "packetReceived", attempt, packet: new Uint8Array(3) }));
        break;
      case "lose":
        this.take(session.effects({ type: "disconnected", attempt, reason: "lost" }));
        break;
      case "pass":
        session.nowMs += what.ms;
        this.take(session.effects({ type: "tick", lateMs: 0 }));
        break;
      default:
        session.nowMs = Math.min(Math.max(session.nowMs, wakeAtMs(session.state)), 1e9);
        this.take(session.effects({ type: "tick", lateMs: 0 }));
    }
  }

  #welcome(isRight: boolean): void {
    const { session } = this;
    const { packet } = session;
    session.packet = (bytes) => {
      this.take(
        session.effects({ type: "packetReceived", attempt: session.state.attempt, packet: bytes }),
      );
      return [];
    };
    session.welcome(isRight ? 6000 : 0);
    session.packet = packet;
  }

  #answer(err: number): void {
    const next = this.unanswered.shift();
    if (next === undefined || !this.isWelcome) return;
    const { session } = this;
    const packet = replyPacket("delete", next.xid, { err });
    const before = this.replies.size;
    this.take(session.effects({ type: "packetReceived", attempt: session.state.attempt, packet }));
    if (session.state.link.type === "live" && this.replies.size > before) {
      expect(this.replies.get(next.id)).toBe(err === 0 ? "answered" : "refused");
    }
  }
}

test("every request is sent at most once and answered exactly once, whatever happens", () => {
  const acts = fc.array(act, { maxLength: 120 });
  fc.assert(
    fc.property(acts, fc.boolean(), (script, renews) => {
      const account = new Account(renews);
      for (const what of script) account.act(what);
      account.take(account.session.effects({ type: "closeRequested" }));
      account.session.nowMs += 60_000;
      account.take(account.session.effects({ type: "tick", lateMs: 0 }));
      expect(account.session.state.link.type).toBe("ended");
      expect([...account.replies.keys()].toSorted((a, b) => a - b)).toEqual(account.asked);
      // Nobody is told that something failed unsent which was sent.
      for (const [id, reply] of account.replies) {
        if (["unreachable", "overloaded"].includes(reply)) expect(account.sent.has(id)).toBe(false);
      }
    }),
    { numRuns: 400 },
  );
});

test("with a server that answers, everything is answered in the end", () => {
  fc.assert(
    fc.property(fc.array(act, { maxLength: 60 }), (script) => {
      const account = new Account(true);
      for (const what of script) account.act(what);
      const id = account.asked.length + 1;
      for (let round = 0; round < 60; round++) {
        for (const type of ["open", "welcome", "answer", "wake"] as const) account.act({ type });
      }
      account.act({ type: "ask" });
      for (const type of ["open", "welcome", "answer"] as const) account.act({ type });
      expect(account.replies.get(id)).toBe("answered");
    }),
    { numRuns: 100 },
  );
});
