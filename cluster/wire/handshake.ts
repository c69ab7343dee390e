/**
 * How two members of the cluster prove to each other that both hold the cluster key, before
 * anything else that the other sends is looked at. HMAC-SHA-256 under the key; I starts, A answers:
 *
 *   I -> A  HELLO      who I am, what I speak, a nonce
 *   A -> I  CHALLENGE  the same of A, and the version to speak
 *   I -> A  PROOF      HMAC(key, initiator's label, HELLO, CHALLENGE)
 *   A -> I  WELCOME    HMAC(key, acceptor's label, HELLO, CHALLENGE)
 *
 * - Both nonces are in what is proven, so nothing recorded earlier proves anything; the labels
 *   differ, so neither proof can be sent back to whoever made it.
 * - Both opening messages are in it byte for byte, so nobody between the two can take away versions
 *   or features, or change a name, unnoticed.
 * - I proves first: who only knocks at a port learns no HMAC to try keys against.
 *
 * It says who is there when the connection opens. What travels later is protected against damage,
 * not against somebody who can write into the connection: across networks that are not trusted, TLS
 * goes below this.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import { assert } from "../base/assert.ts";
import { equalBytes } from "../base/bytes.ts";
import { type PeerName, parsePeerName } from "../base/ids.ts";
import {
  bytes,
  type Codec,
  checked,
  decode,
  encode,
  list,
  record,
  str,
  type TypeOf,
  u16,
} from "./codec.ts";
import { CodecError } from "./codec-error.ts";
import { encodeFrame, type Frame, type FrameLimits, TRANSPORT_FRAMES } from "./frame.ts";
import { versioned } from "./versioned.ts";

export const HANDSHAKE_LIMITS: FrameLimits = { controlSizeMax: 1024, payloadSizeMax: 0 };
export const CLUSTER_KEY_SIZE = 32;
export const NONCE_SIZE = 32;
const FEATURES_MAX = 64;
const REASON_LENGTH_MAX = 256;
const MAC_SIZE = 32;

const INITIATOR_LABEL = "kelp handshake 1, initiator\n";
const ACCEPTOR_LABEL = "kelp handshake 1, acceptor\n";

const nonce = checked(bytes, (raw) => (raw.byteLength === NONCE_SIZE ? raw : undefined));
const feature = checked(str, (text) => (/^[a-z0-9-]{1,32}$/.test(text) ? text : undefined));
const opening = {
  name: checked(str, parsePeerName),
  versionMin: u16,
  versionMax: u16,
  features: list(feature, { max: FEATURES_MAX }),
  requiredFeatures: list(feature, { max: FEATURES_MAX }),
  nonce,
};
const hello = versioned(1, record(opening));
const challenge = versioned(1, record({ ...opening, version: u16 }));
const mac = checked(bytes, (raw) => (raw.byteLength === MAC_SIZE ? raw : undefined));
const proof = versioned(1, record({ mac }));
/**
 * Nobody has proven anything when this arrives, and it is shown to people: short, and nothing but
 * plain characters.
 */
const reason = checked(str, (text) =>
  text.length <= REASON_LENGTH_MAX && /^[ -~]*$/.test(text) ? text : undefined,
);
const refusal = versioned(1, record({ reason }));
/** What both proofs are about. Each part with its size, so that no two pairs read the same. */
const transcript = record({ hello: bytes, challenge: bytes });

type Hello = TypeOf<typeof hello>;

export interface HandshakeIdentity {
  readonly name: PeerName;
  readonly clusterKey: Uint8Array;
  readonly versionMin: number;
  readonly versionMax: number;
  /**
   * At most 64 of [a-z0-9-], up to 32 characters each. All of them must fit into one handshake
   * frame.
   */
  readonly features: readonly string[];
  /** Those without which this side will not talk to anybody. */
  readonly requiredFeatures: readonly string[];
}

/** What both sides agreed on. */
export interface HandshakeSession {
  readonly peer: PeerName;
  readonly version: number;
  readonly features: ReadonlySet<string>;
}

export interface HandshakeStep {
  readonly send: Uint8Array[];
  /** There when the handshake has succeeded; `send` goes out first. */
  readonly session?: HandshakeSession;
}

/** The connection must be closed, after `send` if there is any. */
export class HandshakeError extends Error {
  override readonly name = "HandshakeError";
  readonly send?: Uint8Array[];

  constructor(message: string, options: { send?: Uint8Array[]; cause?: unknown } = {}) {
    super(message, options);
    if (options.send !== undefined) this.send = options.send;
  }
}

interface Awaited {
  readonly expectedMac: Uint8Array;
  readonly session: HandshakeSession;
}

type InitiatorState =
  | { readonly step: "new" | "greeted" | "over" }
  | ({ readonly step: "proven" } & Awaited);

/** The side that opened the connection. */
export class HandshakeInitiator {
  readonly #identity: HandshakeIdentity;
  readonly #expectedPeer: PeerName | undefined;
  readonly #hello: Hello;
  readonly #helloBytes: Uint8Array;
  #state: InitiatorState = { step: "new" };

  constructor(identity: HandshakeIdentity, nonceBytes: Uint8Array, expectedPeer?: PeerName) {
    this.#identity = identity;
    this.#expectedPeer = expectedPeer;
    this.#hello = openingOf(identity, nonceBytes);
    this.#helloBytes = encode(hello, this.#hello);
  }

  start(): Uint8Array[] {
    assert(this.#state.step === "new", "a handshake starts once");
    this.#state = { step: "greeted" };
    return frameOf(TRANSPORT_FRAMES.HELLO, this.#helloBytes);
  }

  receive(frame: Frame): HandshakeStep {
    const state = this.#state;
    this.#state = { step: "over" }; // Unless what follows succeeds.
    switch (state.step) {
      case "greeted":
        return this.#prove(controlOf(frame, TRANSPORT_FRAMES.CHALLENGE));
      case "proven":
        checkMac(controlOf(frame, TRANSPORT_FRAMES.WELCOME), state.expectedMac);
        return { send: [], session: state.session };
      case "new":
      case "over":
        throw refuse("a handshake frame before the handshake or after it");
    }
  }

  #prove(control: Uint8Array): HandshakeStep {
    const theirs = parse(challenge, control);
    const expected = this.#expectedPeer;
    if (expected !== undefined && theirs.name !== expected) {
      throw refuse(`this address should be ${expected}, but ${theirs.name} answers`);
    }
    const session = negotiate(this.#hello, theirs);
    if (theirs.version !== session.version) {
      throw refuse(`version ${theirs.version} is not the highest that both sides speak`);
    }
    const { clusterKey } = this.#identity;
    const expectedMac = macOf(clusterKey, ACCEPTOR_LABEL, this.#helloBytes, control);
    this.#state = { step: "proven", expectedMac, session };
    const ours = macOf(clusterKey, INITIATOR_LABEL, this.#helloBytes, control);
    return { send: frameOf(TRANSPORT_FRAMES.PROOF, encode(proof, { mac: ours })) };
  }
}

type AcceptorState =
  | { readonly step: "new" | "over" }
  | ({ readonly step: "challenged"; readonly welcomeMac: Uint8Array } & Awaited);

/** The side that was called. */
export class HandshakeAcceptor {
  readonly #identity: HandshakeIdentity;
  readonly #opening: Hello;
  #state: AcceptorState = { step: "new" };

  constructor(identity: HandshakeIdentity, nonceBytes: Uint8Array) {
    this.#identity = identity;
    this.#opening = openingOf(identity, nonceBytes);
  }

  receive(frame: Frame): HandshakeStep {
    const state = this.#state;
    this.#state = { step: "over" }; // Unless what follows succeeds.
    switch (state.step) {
      case "new":
        return this.#challenge(controlOf(frame, TRANSPORT_FRAMES.HELLO));
      case "challenged": {
        checkMac(controlOf(frame, TRANSPORT_FRAMES.PROOF), state.expectedMac);
        const body = encode(proof, { mac: state.welcomeMac });
        return { send: frameOf(TRANSPORT_FRAMES.WELCOME, body), session: state.session };
      }
      case "over":
        throw refuse("a handshake frame after the handshake");
    }
  }

  #challenge(control: Uint8Array): HandshakeStep {
    const session = negotiate(this.#opening, parse(hello, control));
    const ours = encode(challenge, { ...this.#opening, version: session.version });
    const { clusterKey } = this.#identity;
    const expectedMac = macOf(clusterKey, INITIATOR_LABEL, control, ours);
    const welcomeMac = macOf(clusterKey, ACCEPTOR_LABEL, control, ours);
    this.#state = { step: "challenged", expectedMac, welcomeMac, session };
    return { send: frameOf(TRANSPORT_FRAMES.CHALLENGE, ours) };
  }
}

function openingOf(identity: HandshakeIdentity, nonceBytes: Uint8Array): Hello {
  const { name, clusterKey, versionMin, versionMax, features, requiredFeatures } = identity;
  assert(clusterKey.byteLength === CLUSTER_KEY_SIZE, "a cluster key has 32 bytes");
  assert(versionMin <= versionMax, `versions ${versionMin} to ${versionMax} are none`);
  const mine = { name, versionMin, versionMax, features, requiredFeatures, nonce: nonceBytes };
  // Now, and not only when the first peer calls.
  const { byteLength } = encode(challenge, { ...mine, version: versionMax });
  assert(byteLength <= HANDSHAKE_LIMITS.controlSizeMax, "all features fit into one frame");
  return mine;
}

function negotiate(mine: Hello, theirs: Hello): HandshakeSession {
  if (equalBytes(mine.nonce, theirs.nonce)) throw refuse("this is this side's own nonce");
  const version = Math.min(mine.versionMax, theirs.versionMax);
  if (version < Math.max(mine.versionMin, theirs.versionMin)) {
    throw refuse(`this cluster speaks ${versionsOf(mine)}, peer speaks ${versionsOf(theirs)}`);
  }
  const missing = mine.requiredFeatures.filter((name) => !theirs.features.includes(name));
  if (missing.length > 0) throw refuse(`peer lacks what this side requires: ${missing.join(", ")}`);
  const lacking = theirs.requiredFeatures.filter((name) => !mine.features.includes(name));
  if (lacking.length > 0) throw refuse(`this side lacks what peer requires: ${lacking.join(", ")}`);
  const features = new Set(mine.features.filter((name) => theirs.features.includes(name)));
  return { peer: theirs.name, version, features };
}

function versionsOf({ versionMin, versionMax }: Hello): string {
  return versionMin === versionMax
    ? `version ${versionMin}`
    : `versions ${versionMin}-${versionMax}`;
}

function macOf(
  clusterKey: Uint8Array,
  label: string,
  helloBytes: Uint8Array,
  challengeBytes: Uint8Array,
): Uint8Array {
  return createHmac("sha256", clusterKey)
    .update(label)
    .update(encode(transcript, { hello: helloBytes, challenge: challengeBytes }))
    .digest();
}

/** The answer to every wrong proof is the same: it must help nobody to find the key. */
function checkMac(control: Uint8Array, expected: Uint8Array): void {
  if (timingSafeEqual(parse(proof, control).mac, expected)) return;
  throw refuse("peer did not prove that it has this cluster's key");
}

/** The frame's control part, if it is the frame that must come now. */
function controlOf(frame: Frame, type: number): Uint8Array {
  if (frame.type === type) return frame.control;
  if (frame.type === TRANSPORT_FRAMES.REFUSED) {
    throw new HandshakeError(`peer refused: ${parse(refusal, frame.control).reason}`);
  }
  throw refuse(`frame of type ${frame.type} where ${type} must come`);
}

function parse<T>(codec: Codec<T>, control: Uint8Array): T {
  try {
    return decode(codec, control);
  } catch (cause) {
    if (!(cause instanceof CodecError)) throw cause;
    throw refuse("a handshake frame that makes no sense", cause);
  }
}

function refuse(text: string, cause?: unknown): HandshakeError {
  const said = text.slice(0, REASON_LENGTH_MAX);
  const send = frameOf(TRANSPORT_FRAMES.REFUSED, encode(refusal, { reason: said }));
  return new HandshakeError(text, { send, cause });
}

function frameOf(type: number, control: Uint8Array): Uint8Array[] {
  return encodeFrame({ flags: 0, correlation: 0, timeoutMs: 0 }, (out) => {
    out.raw(control);
    return type;
  });
}
