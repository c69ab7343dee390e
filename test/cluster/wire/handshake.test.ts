import { createHmac } from "node:crypto";
import { describe, expect, test } from "vitest";
import { AssertionError } from "../../../cluster/base/assert.ts";
import { EMPTY_BYTES, toHex, utf8 } from "../../../cluster/base/bytes.ts";
import { peerName } from "../../../cluster/base/ids.ts";
import { type Frame, FrameDecoder, TRANSPORT_FRAMES } from "../../../cluster/wire/frame.ts";
import {
  HANDSHAKE_LIMITS,
  HandshakeAcceptor,
  HandshakeError,
  type HandshakeIdentity,
  HandshakeInitiator,
  type HandshakeSession,
  type HandshakeStep,
} from "../../../cluster/wire/handshake.ts";

const KEY = new Uint8Array(32).fill(0x4b);
const OSD: HandshakeIdentity = {
  name: peerName("osd.3"),
  clusterKey: KEY,
  versionMin: 1,
  versionMax: 2,
  features: ["crc", "zip"],
  requiredFeatures: [],
};
const MON: HandshakeIdentity = { ...OSD, name: peerName("mon.0"), features: ["crc", "trace"] };

function nonce(byte: number): Uint8Array {
  return new Uint8Array(32).fill(byte);
}

function initiator(changes: Partial<HandshakeIdentity> = {}, expected?: string) {
  const expectedPeer = expected === undefined ? undefined : peerName(expected);
  return new HandshakeInitiator({ ...OSD, ...changes }, nonce(1), expectedPeer);
}

function acceptor(changes: Partial<HandshakeIdentity> = {}) {
  return new HandshakeAcceptor({ ...MON, ...changes }, nonce(2));
}

function frameOf(chunks: readonly Uint8Array[]): Frame {
  const decoder = new FrameDecoder(HANDSHAKE_LIMITS);
  for (const chunk of chunks) decoder.push(chunk);
  const frame = decoder.next();
  if (frame === undefined) throw new Error("no frame was sent");
  return frame;
}

/** What somebody between the two may do to a frame. */
type Tamper = (frame: Frame) => Frame;

interface Talk {
  readonly frames: Frame[];
  readonly initiated?: HandshakeSession | undefined;
  readonly accepted?: HandshakeSession | undefined;
}

function talk(
  left: HandshakeInitiator,
  right: HandshakeAcceptor,
  tamper: Tamper = (frame) => frame,
): Talk {
  const frames: Frame[] = [];
  const carry = (chunks: readonly Uint8Array[]): Frame => {
    const frame = tamper(frameOf(chunks));
    frames.push(frame);
    return frame;
  };
  const challenge = right.receive(carry(left.start()));
  const proof = left.receive(carry(challenge.send));
  const welcome = right.receive(carry(proof.send));
  const last = left.receive(carry(welcome.send));
  expect([challenge.session, proof.session, last.send]).toEqual([undefined, undefined, []]);
  return { frames, initiated: last.session, accepted: welcome.session };
}

function failureOf(act: () => unknown): HandshakeError {
  try {
    act();
  } catch (error) {
    if (error instanceof HandshakeError) return error;
    throw error;
  }
  throw new Error("it succeeded");
}

/** What the peer reads in the refusal, if one is sent. */
function reasonSent(error: HandshakeError): string {
  const { type, control } = frameOf(error.send ?? []);
  expect(type).toBe(TRANSPORT_FRAMES.REFUSED);
  return failureOf(() => {
    const other = initiator();
    other.start();
    other.receive({ ...frameOf(error.send ?? []), control });
  }).message.replace("peer refused: ", "");
}

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const changed = bytes.slice();
  changed[at] = (bytes[at] ?? 0) ^ 1;
  return changed;
}

function frameWith(type: number, control: Uint8Array = EMPTY_BYTES): Frame {
  const header = { flags: 0, correlation: 0, timeoutMs: 0 };
  return { ...header, type, control, payload: EMPTY_BYTES, payloadChecksum: 0n };
}

describe("two members of the cluster", () => {
  test("learn who the other is, and agree on the highest version and the common features", () => {
    const { initiated, accepted } = talk(
      initiator({ versionMax: 5 }, "mon.0"),
      acceptor({ versionMin: 2, versionMax: 3 }),
    );
    const agreed = { version: 3, features: new Set(["crc"]) };
    expect(initiated).toEqual({ peer: "mon.0", ...agreed });
    expect(accepted).toEqual({ peer: "osd.3", ...agreed });
  });

  test("say exactly this, which is not to change", () => {
    const { frames } = talk(initiator({ features: ["a"] }), acceptor({ features: [] }));
    expect(frames.map(({ type, control }) => [type, toHex(control)])).toEqual([
      [1, `01${"050000006f73642e33"}01000200${"010000000100000061"}00000000${hello(1)}`],
      [2, `01${"050000006d6f6e2e30"}01000200${"00000000"}00000000${hello(2)}0200`],
      [3, `0120000000${macOf("kelp handshake 1, initiator\n", frames)}`],
      [4, `0120000000${macOf("kelp handshake 1, acceptor\n", frames)}`],
    ]);
  });

  test("need not be asked for a name", () => {
    expect(talk(initiator(), acceptor()).initiated?.peer).toBe("mon.0");
  });

  test("fit the most features that are allowed into their frames", () => {
    const features = Array.from({ length: 64 }, (_, index) => `feature-${index}`);
    const { initiated } = talk(initiator({ features }), acceptor({ features }));
    expect(initiated?.features.size).toBe(64);
  });
});

describe("the acceptor refuses", () => {
  test.each<[string, Partial<HandshakeIdentity>, Partial<HandshakeIdentity>, string]>([
    [
      "an older peer",
      { versionMin: 1, versionMax: 1 },
      { versionMin: 2, versionMax: 3 },
      "this cluster speaks versions 2-3, peer speaks version 1",
    ],
    [
      "a newer peer",
      { versionMin: 4, versionMax: 6 },
      { versionMin: 2, versionMax: 2 },
      "this cluster speaks version 2, peer speaks versions 4-6",
    ],
    [
      "a peer without what it requires",
      {},
      { requiredFeatures: ["crc", "trace"] },
      "peer lacks what this side requires: trace",
    ],
    [
      "a peer that requires what it lacks",
      { requiredFeatures: ["zip", "crc"] },
      {},
      "this side lacks what peer requires: zip",
    ],
  ])("%s, and tells it why", (_what, left, right, reason) => {
    const hello = frameOf(initiator(left).start());
    const error = failureOf(() => acceptor(right).receive(hello));
    expect([error.message, reasonSent(error)]).toEqual([reason, reason]);
  });

  test("a peer with another key, in words that help nobody to find the key", () => {
    const left = initiator({ clusterKey: nonce(9) });
    const error = failureOf(() => talk(left, acceptor()));
    expect(reasonSent(error)).toBe("peer did not prove that it has this cluster's key");
  });

  test("its own nonce", () => {
    const echo = new HandshakeInitiator(OSD, nonce(2));
    const error = failureOf(() => acceptor().receive(frameOf(echo.start())));
    expect(error.message).toBe("this is this side's own nonce");
  });

  test("a proof that was recorded in an earlier handshake", () => {
    const recorded = talk(initiator(), acceptor()).frames;
    const again = new HandshakeAcceptor(MON, nonce(3));
    again.receive(recorded[0] as Frame);
    expect(failureOf(() => again.receive(recorded[2] as Frame)).message).toMatch(/did not prove/);
  });

  test("a second try after a wrong proof", () => {
    const right = acceptor();
    const left = initiator();
    const proof = frameOf(left.receive(frameOf(right.receive(frameOf(left.start())).send)).send);
    failureOf(() => right.receive({ ...proof, control: flipped(proof.control, 10) }));
    expect(failureOf(() => right.receive(proof)).message).toMatch(/after the handshake/);
  });
});

describe("the initiator refuses", () => {
  test("a member of the cluster that is not the one it called", () => {
    const error = failureOf(() => talk(initiator({}, "mon.1"), acceptor()));
    expect(reasonSent(error)).toBe("this address should be mon.1, but mon.0 answers");
  });

  test("a peer that does not know the key and sends the proof back", () => {
    const left = initiator();
    const proof = left.receive(frameOf(acceptor().receive(frameOf(left.start())).send));
    const { control } = frameOf(proof.send);
    const error = failureOf(() => left.receive(frameWith(TRANSPORT_FRAMES.WELCOME, control)));
    expect(error.message).toMatch(/did not prove/);
  });

  test("a peer that sends its own words back", () => {
    const left = initiator();
    left.start();
    const echo = new HandshakeAcceptor(MON, nonce(1));
    const hello = frameOf(new HandshakeInitiator(OSD, nonce(7)).start());
    const error = failureOf(() => left.receive(frameOf(echo.receive(hello).send)));
    expect(error.message).toBe("this is this side's own nonce");
  });

  test("a version that is not the highest of both", () => {
    const lower: Tamper = (frame) => {
      if (frame.type !== TRANSPORT_FRAMES.CHALLENGE) return frame;
      const control = frame.control.slice();
      control[control.byteLength - 2] = 1;
      return { ...frame, control };
    };
    expect(failureOf(() => talk(initiator(), acceptor(), lower)).message).toMatch(/version 1 /);
  });

  test("with the reason that the peer gave", () => {
    const refused = failureOf(() =>
      acceptor({ versionMin: 2, versionMax: 3 }).receive(helloOfVersion1()),
    );
    const left = initiator({ versionMax: 1 });
    left.start();
    const error = failureOf(() => left.receive(frameOf(refused.send ?? [])));
    expect(error.message).toMatch(/^peer refused: this cluster speaks versions 2-3/);
    expect(error.send).toBeUndefined();
  });

  test.each([
    ["with control characters", "\u001b[2J"],
    ["too long", "x".repeat(257)],
  ])("a reason %s, which an unknown peer could put into a log", (_what, text) => {
    const left = initiator();
    left.start();
    const body = Uint8Array.from([1, text.length & 0xff, text.length >> 8, 0, 0, ...utf8(text)]);
    const error = failureOf(() => left.receive(frameWith(TRANSPORT_FRAMES.REFUSED, body)));
    expect(error.message).toBe("a handshake frame that makes no sense");
  });
});

describe("frames out of order end the handshake:", () => {
  const { REFUSED: _refused, ...others } = TRANSPORT_FRAMES;
  const types = [...Object.values(others), 0x0100];

  test.each(types.filter((type) => type !== TRANSPORT_FRAMES.HELLO))(
    "%i to a new acceptor",
    (type) => {
      failureOf(() => acceptor().receive(frameWith(type)));
    },
  );

  test.each(types.filter((type) => type !== TRANSPORT_FRAMES.CHALLENGE))(
    "%i to an initiator that waits for a challenge",
    (type) => {
      const left = initiator();
      left.start();
      failureOf(() => left.receive(frameWith(type)));
    },
  );

  test("anything to an initiator that has not started", () => {
    const challenge = acceptor().receive(helloOfVersion1()).send;
    failureOf(() => initiator().receive(frameOf(challenge)));
  });

  test("anything after success", () => {
    const left = initiator();
    const right = acceptor();
    const { frames } = talk(left, right);
    for (const frame of frames) {
      failureOf(() => left.receive(frame));
      failureOf(() => right.receive(frame));
    }
  });
});

test("nobody between the two can change a byte of any message unnoticed", () => {
  for (let message = 0; message < 4; message++) {
    const size = talk(initiator(), acceptor()).frames[message]?.control.byteLength ?? 0;
    expect(size).toBeGreaterThan(0);
    for (let at = 0; at < size; at++) {
      let count = 0;
      const tamper: Tamper = (frame) => {
        const hit = count === message;
        count += 1;
        return hit ? { ...frame, control: flipped(frame.control, at) } : frame;
      };
      failureOf(() => talk(initiator(), acceptor(), tamper));
    }
  }
});

describe("an identity is checked when the handshake is made:", () => {
  const many = Array.from({ length: 65 }, (_, index) => `f${index}`);
  const long = Array.from({ length: 64 }, (_, index) => `${index}`.padStart(32, "f"));
  test.each<[string, Partial<HandshakeIdentity>]>([
    ["a short key", { clusterKey: new Uint8Array(31) }],
    ["no version", { versionMin: 3, versionMax: 2 }],
    ["too many features", { features: many }],
    ["features that do not fit into a frame", { features: long }],
    ["a feature with a space", { requiredFeatures: ["a b"] }],
    ["a feature of 33 characters", { features: ["f".repeat(33)] }],
  ])("%s", (_what, changes) => {
    expect(() => initiator(changes)).toThrow(AssertionError);
    expect(() => acceptor(changes)).toThrow(AssertionError);
  });

  test("a short nonce", () => {
    expect(() => new HandshakeAcceptor(MON, new Uint8Array(31))).toThrow(AssertionError);
  });
});

test("a step carries no session before the peer has proven itself", () => {
  const step: HandshakeStep = acceptor().receive(helloOfVersion1());
  expect("session" in step).toBe(false);
});

function helloOfVersion1(): Frame {
  return frameOf(initiator({ versionMax: 1 }).start());
}

function hello(byte: number): string {
  return `20000000${`0${byte}`.repeat(32)}`;
}

function macOf(label: string, [hello, challenge]: readonly Frame[]): string {
  const mac = createHmac("sha256", KEY).update(label);
  for (const frame of [hello, challenge]) {
    const control = frame?.control ?? EMPTY_BYTES;
    mac.update(Uint8Array.of(control.byteLength, 0, 0, 0)).update(control);
  }
  return mac.digest("hex");
}
