import { describe, expect, test } from "vitest";
import { toHex } from "../../../cluster/base/bytes.ts";
import { decode, encode } from "../../../cluster/wire/codec.ts";
import { CodecError } from "../../../cluster/wire/codec-error.ts";
import { createRegistry } from "../../../cluster/wire/registry.ts";
import { CONSENSUS_MESSAGES } from "../../../monitor/message/consensus.ts";
import { ROWS_MESSAGES } from "../../../monitor/message/rows.ts";

function u53(value: number): string {
  return value.toString(16).padStart(2, "0").padEnd(16, "0");
}

const M = CONSENSUS_MESSAGES;
const promise = { round: 3, node: 2 };
const hello = {
  life: 1,
  answers: 2,
  ticket: 9,
  knows: 8,
  standing: "acceptor",
  ensemble: 4,
  promise,
  last: 5,
  commit: 6,
  leads: true,
} as const;

/** Each as it was first written: an ensemble that is upgraded member by member speaks it for a while. */
const GOLDEN: readonly [string, string, string][] = [
  [
    "hello",
    toHex(encode(M.hello.body, hello)),
    `01${[1, 2, 9, 8].map(u53).join("")}0301${u53(4)}${u53(3)}02000000${u53(5)}${u53(6)}01`,
  ],
  [
    "hello of an empty member",
    toHex(encode(M.hello.body, { ...hello, standing: "empty", ensemble: undefined, leads: false })),
    `01${[1, 2, 9, 8].map(u53).join("")}0000${u53(3)}02000000${u53(5)}${u53(6)}00`,
  ],
  ["form", toHex(encode(M.form.body, { ensemble: 1, life: 2 })), `01${u53(1)}${u53(2)}`],
  ["preVote", toHex(encode(M.preVote.body, { round: 1, commit: 2 })), `01${u53(1)}${u53(2)}`],
  [
    "preVoted",
    toHex(encode(M.preVoted.body, { round: 1, granted: true, promised: 2, commit: 3 })),
    `01${u53(1)}01${u53(2)}${u53(3)}`,
  ],
  [
    "prepare",
    toHex(encode(M.prepare.body, { round: 1, life: 2, commit: 3 })),
    `01${u53(1)}${u53(2)}${u53(3)}`,
  ],
  [
    "promised",
    toHex(
      encode(M.promised.body, { round: 1, life: 2, commit: 3, accepted: [{ round: 4, size: 5 }] }),
    ),
    `01${u53(1)}${u53(2)}${u53(3)}01000000${u53(4)}05000000`,
  ],
  [
    "refused",
    toHex(encode(M.refused.body, { round: 1, promised: 2, commit: 3 })),
    `01${u53(1)}${u53(2)}${u53(3)}`,
  ],
  [
    "accept",
    toHex(encode(M.accept.body, { round: 1, prev: 2, commit: 3, sizes: [4, 5] })),
    `01${u53(1)}${u53(2)}${u53(3)}020000000400000005000000`,
  ],
  [
    "accepted",
    toHex(encode(M.accepted.body, { round: 1, life: 2, to: 3, gap: true })),
    `01${u53(1)}${u53(2)}${u53(3)}01`,
  ],
  [
    "heartbeat",
    toHex(
      encode(M.heartbeat.body, {
        round: 1,
        sequence: 2,
        life: 3,
        commit: 4,
        backedMs: 0.5,
        echoMs: Number.NEGATIVE_INFINITY,
        slot: 5,
        digest: 6,
      }),
    ),
    `01${[1, 2, 3, 4].map(u53).join("")}000000000000e03f000000000000f0ff${u53(5)}${u53(6)}`,
  ],
  [
    "heartbeatAck",
    toHex(encode(M.heartbeatAck.body, { round: 1, life: 2, sequence: 3, sentMs: 1 })),
    `01${u53(1)}${u53(2)}${u53(3)}000000000000f03f`,
  ],
  ["fetch", toHex(encode(M.fetch.body, { from: 1, want: 2 })), `01${u53(1)}${u53(2)}`],
  [
    "chosen",
    toHex(encode(M.chosen.body, { prev: 1, commit: 2, entries: [{ round: 3, size: 4 }] })),
    `01${u53(1)}${u53(2)}01000000${u53(3)}04000000`,
  ],
  ["takeOver", toHex(encode(M.takeOver.body, { round: 1 })), `01${u53(1)}`],
];

describe("what members say to each other", () => {
  test.each(GOLDEN)("%s, byte by byte", (_what, bytes, golden) => {
    expect(bytes).toBe(golden);
  });

  test("has a golden form of every message", () => {
    const named = new Set(GOLDEN.map(([name]) => name.split(" ")[0]));
    expect([...named].sort()).toEqual(Object.keys(CONSENSUS_MESSAGES).sort());
  });

  test("has one number for each message", () => {
    expect(() => createRegistry({ ...CONSENSUS_MESSAGES, ...ROWS_MESSAGES })).not.toThrow();
  });

  test("comes back as it was", () => {
    expect(decode(M.hello.body, encode(M.hello.body, hello))).toEqual(hello);
    const heartbeat = {
      round: 1,
      sequence: 2,
      life: 3,
      commit: 4,
      backedMs: 12.25,
      echoMs: Number.NEGATIVE_INFINITY,
      slot: 5,
      digest: 2 ** 53 - 1,
    };
    expect(decode(M.heartbeat.body, encode(M.heartbeat.body, heartbeat))).toEqual(heartbeat);
  });

  test("a count beyond any message is refused before anything is allocated for it", () => {
    const bytes = encode(M.accept.body, { round: 1, prev: 2, commit: 3, sizes: [] });
    bytes.fill(0xff, 25, 29);
    expect(() => decode(M.accept.body, bytes)).toThrow(CodecError);
  });
});
