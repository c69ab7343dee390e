/**
 * Draws a script from a seed: a few sessions that work on few nodes, so that they meet, with
 * everything a client can ask and much that it should not.
 *
 * What a server answers beside the order of its requests stands alone in its step: addauth and
 * operations that it does not know are answered before earlier writes are.
 */

import { utf8 } from "../../../cluster/base/bytes.ts";
import {
  createPrng,
  type Prng,
  randomBetween,
  randomChance,
  randomInt,
  randomPick,
} from "../../../cluster/base/prng.ts";
import { type Acl, digestId, OPEN_ACL, PERMS } from "../../../cluster/zookeeper/acl.ts";
import type { MultiOp } from "../../../cluster/zookeeper/multi-records.ts";
import { CREATE_FLAGS } from "../../../cluster/zookeeper/node-records.ts";
import { OPCODES } from "../../../cluster/zookeeper/op-codes.ts";
import { SUPER_CREDENTIALS } from "./reference-ensemble.ts";
import { LAST_SEEN, ROOT_MARK, type Script, type ScriptRequest, type Step } from "./script.ts";

const NAMES = ["a", "b", "c"];
const CREDENTIALS = ["ann:1", "bob:2"];
const IMPOSSIBLE_VERSION = 100;
const BURST_MAX = 6;
const MULTI_MAX = 4;

type Draw<T> = (prng: Prng) => T;

/** So many steps by 2 to 4 sessions. */
export function drawScript(seed: number, stepCount: number): Script {
  const prng = createPrng(seed);
  const sessionCount = randomBetween(prng, 2, 4);
  return Array.from({ length: stepCount }, () => drawStep(prng, randomInt(prng, sessionCount)));
}

function drawStep(prng: Prng, session: number): Step {
  const roll = randomInt(prng, 100);
  if (roll < 2) return { act: "close", session };
  if (roll < 3) return { act: "intrude", session };
  if (roll < 7) {
    const requests = randomChance(prng, 0.6) ? [setWatches2(prng)] : [];
    return { act: "reconnect", session, requests };
  }
  if (roll < 14) return { act: "send", session, requests: [pick(prng, LONERS)] };
  const count = randomChance(prng, 0.7) ? 1 : randomBetween(prng, 2, BURST_MAX);
  return { act: "send", session, requests: drawBurst(prng, count) };
}

/**
 * A setACL is the last of its burst: whether Apache ZooKeeper judges the requests right behind it by
 * the new ACL or the old one depends on how soon they come.
 */
function drawBurst(prng: Prng, count: number): ScriptRequest[] {
  const requests: ScriptRequest[] = [];
  while (requests.length < count) {
    const request = pick(prng, REQUESTS);
    requests.push(request);
    if (request.op === "setACL") break;
  }
  return requests;
}

/** Weight and draw. */
type Choice<T> = readonly (readonly [weight: number, draw: Draw<T>])[];

function pick<T>(prng: Prng, choice: Choice<T>): T {
  let left = randomInt(
    prng,
    choice.reduce((sum, [weight]) => sum + weight, 0),
  );
  for (const [weight, draw] of choice) {
    left -= weight;
    if (left < 0) return draw(prng);
  }
  throw new Error("a roll beyond the sum of the weights");
}

const BAD_PATHS = [
  "",
  "a",
  "/a/",
  "//",
  "/a//b",
  "/.",
  "/a/..",
  "/./b",
  "/a\u0000b",
  "/a\u001f",
  "/\ud83d\ude00",
  "/a\uf8ff",
];

const anyPath: Draw<string> = (prng) => {
  const depth = randomPick(prng, [1, 1, 1, 2, 2, 3]);
  const names = Array.from({ length: depth }, () => randomPick(prng, NAMES));
  return `${ROOT_MARK}/${names.join("/")}`;
};

const path: Draw<string> = (prng) =>
  pick<string>(prng, [
    [94, anyPath],
    [3, () => ROOT_MARK],
    [1, (each) => randomPick(each, ["/", "/zookeeper", "/zookeeper/quota"])],
    [2, (each) => randomPick(each, BAD_PATHS)],
  ]);

/** The root and the nodes of the server itself are only looked at. */
const changedPath: Draw<string> = (prng) =>
  pick<string>(prng, [
    [97, anyPath],
    [2, (each) => randomPick(each, BAD_PATHS)],
    [1, () => ROOT_MARK],
  ]);

const version: Draw<number> = (prng) =>
  pick(prng, [
    [60, () => -1],
    [35, (each) => randomInt(each, 4)],
    [5, (each) => randomPick(each, [-2, 100, -2147483648, 2147483647])],
  ]);

const data: Draw<Uint8Array | undefined> = (prng) =>
  pick<Uint8Array | undefined>(prng, [
    [6, (each) => utf8(String(randomInt(each, 1000)))],
    [1, () => new Uint8Array(0)],
    [1, () => undefined],
    [1, (each) => new Uint8Array(randomInt(each, 5000)).fill(120)],
  ]);

const entry = (perms: number, scheme: string, id: string): Acl => ({ perms, id: { scheme, id } });

const ACLS: Choice<readonly Acl[]> = [
  [60, () => OPEN_ACL],
  [6, () => [entry(PERMS.ALL, "auth", "")]],
  [3, () => [entry(PERMS.READ, "world", "anyone")]],
  [3, () => [entry(PERMS.ALL - PERMS.ADMIN, "world", "anyone")]],
  [3, () => [entry(PERMS.ALL - PERMS.CREATE - PERMS.DELETE, "world", "anyone")]],
  [6, (prng) => [entry(PERMS.ALL, "digest", digestId(randomPick(prng, CREDENTIALS)))]],
  [
    4,
    (prng) => [
      entry(PERMS.READ, "world", "anyone"),
      entry(PERMS.WRITE, "digest", digestId(randomPick(prng, CREDENTIALS))),
    ],
  ],
  [
    3,
    (prng) => [
      entry(PERMS.ALL, "ip", randomPick(prng, ["127.0.0.1", "10.0.0.0/8", "127.0.0.0/8"])),
    ],
  ],
  [1, () => []],
  [1, () => [...OPEN_ACL, ...OPEN_ACL]],
  [1, () => [entry(PERMS.ALL, "world", "nobody")]],
  [1, () => [entry(PERMS.ALL, "nonsense", "x")]],
  [1, () => [entry(PERMS.ALL, "digest", "no colon")]],
  [1, () => [entry(PERMS.ALL, "ip", "300.1.1.1")]],
  [1, () => [entry(PERMS.ALL, "ip", "10.0.0.0/99")]],
  [1, () => [entry(PERMS.ALL, "super", "x")]],
  [1, (prng) => [entry(randomPick(prng, [0, 32, -1]), "world", "anyone")]],
];

const acl: Draw<readonly Acl[]> = (prng) => pick(prng, ACLS);

const PLAIN_FLAGS: Choice<number> = [
  [8, () => CREATE_FLAGS.PERSISTENT],
  [4, () => CREATE_FLAGS.EPHEMERAL],
  [3, () => CREATE_FLAGS.PERSISTENT_SEQUENTIAL],
  [2, () => CREATE_FLAGS.EPHEMERAL_SEQUENTIAL],
  [1, (prng) => randomPick(prng, [4, 5, 6, 7, -1])],
];

const createBody = (prng: Prng) => ({
  path: changedPath(prng),
  data: data(prng),
  acl: acl(prng),
  flags: pick(prng, PLAIN_FLAGS),
});

const containerBody = (prng: Prng) => ({
  ...createBody(prng),
  flags: randomChance(prng, 0.9) ? CREATE_FLAGS.CONTAINER : randomInt(prng, 8),
});

const TTL_MAX = 2 ** 40 - 1;
const TTL = 1_000_000_000;
const TTLS = [TTL, TTL, TTL, 0, -1, TTL_MAX];

/**
 * What ends the process of Apache ZooKeeper is not drawn, for what should come of it is not known: a
 * time to live beyond the greatest, and one that is not positive beside flags of another kind.
 */
function ttlBody(prng: Prng) {
  const flags = randomChance(prng, 0.9) ? randomBetween(prng, 5, 6) : randomInt(prng, 8);
  const isTtl = flags === 5 || flags === 6;
  return { ...createBody(prng), flags, ttl: isTtl ? randomPick(prng, TTLS) : TTL };
}

const MULTI_OPS: Choice<MultiOp> = [
  [6, (prng) => ({ type: "create", ...createBody(prng) })],
  [3, (prng) => ({ type: "create2", ...createBody(prng) })],
  [1, (prng) => ({ type: "createContainer", ...containerBody(prng) })],
  [1, (prng) => ({ type: "createTTL", ...ttlBody(prng) })],
  [4, (prng) => ({ type: "delete", path: changedPath(prng), version: version(prng) })],
  [
    5,
    (prng) => ({
      type: "setData",
      path: changedPath(prng),
      data: data(prng),
      version: version(prng),
    }),
  ],
  [3, (prng) => ({ type: "check", path: path(prng), version: version(prng) })],
];

const READ_OPS: Choice<MultiOp> = [
  [1, (prng) => ({ type: "getData", path: path(prng), watch: false })],
  [1, (prng) => ({ type: "getChildren", path: path(prng), watch: false })],
];

function several<T>(prng: Prng, draw: Draw<T>): T[] {
  return Array.from({ length: randomInt(prng, MULTI_MAX + 1) }, () => draw(prng));
}

const watched = (prng: Prng) => ({ path: path(prng), watch: randomChance(prng, 0.6) });
const versioned = (prng: Prng) => ({ path: changedPath(prng), version: version(prng) });
const watchType = (prng: Prng): number => randomPick(prng, [1, 2, 3, 3, 0, 4, 5, 6]);
/**
 * Of a path that is none, Apache ZooKeeper says one thing or another, depending on whether anybody
 * on the server has a recursive watch.
 */
const watchPath = (prng: Prng): string => (randomChance(prng, 0.95) ? anyPath(prng) : ROOT_MARK);
const somePaths = (prng: Prng): string[] => several(prng, anyPath);

const REQUESTS: Choice<ScriptRequest> = [
  [14, (prng) => ({ op: "create", body: createBody(prng) })],
  [10, (prng) => ({ op: "create2", body: createBody(prng) })],
  [2, (prng) => ({ op: "createContainer", body: containerBody(prng) })],
  [2, (prng) => ({ op: "createTTL", body: ttlBody(prng) })],
  [8, (prng) => ({ op: "delete", body: versioned(prng) })],
  [8, (prng) => ({ op: "setData", body: { ...versioned(prng), data: data(prng) } })],
  [7, (prng) => ({ op: "exists", body: watched(prng) })],
  [7, (prng) => ({ op: "getData", body: watched(prng) })],
  [4, (prng) => ({ op: "getChildren", body: watched(prng) })],
  [4, (prng) => ({ op: "getChildren2", body: watched(prng) })],
  [3, (prng) => ({ op: "getACL", body: { path: path(prng) } })],
  [4, (prng) => ({ op: "setACL", body: { ...versioned(prng), acl: acl(prng) } })],
  [8, (prng) => ({ op: "multi", body: several(prng, (each) => pick(each, MULTI_OPS)) })],
  [3, (prng) => ({ op: "multiRead", body: several(prng, (each) => pick(each, READ_OPS)) })],
  // One that succeeds is never answered by Apache ZooKeeper, unless it is part of a multi.
  [1, (prng) => ({ op: "check", body: { path: changedPath(prng), version: IMPOSSIBLE_VERSION } })],
  [
    5,
    (prng) => ({
      op: "addWatch",
      body: { path: path(prng), mode: randomPick(prng, [0, 0, 1, 1, 2]) },
    }),
  ],
  [3, (prng) => ({ op: "removeWatches", body: { path: watchPath(prng), type: watchType(prng) } })],
  [3, (prng) => ({ op: "checkWatches", body: { path: watchPath(prng), type: watchType(prng) } })],
  [2, (prng) => ({ op: "getEphemerals", body: { prefixPath: path(prng) } })],
  [2, (prng) => ({ op: "getAllChildrenNumber", body: { path: path(prng) } })],
  [1, () => ({ op: "whoAmI", body: {} })],
  // It gives the path back, and what Apache ZooKeeper gives back of an emoji is no UTF-8.
  [1, (prng) => ({ op: "sync", body: { path: anyPath(prng) } })],
  [1, () => ({ op: "ping", body: {} })],
  [1, (prng) => setWatches2(prng)],
  [1, (prng) => setWatches1(prng)],
];

const relativeZxid: Draw<number> = (prng) => randomPick(prng, [LAST_SEEN, LAST_SEEN, 0]);

function setWatches1(prng: Prng): ScriptRequest {
  return {
    op: "setWatches",
    body: {
      relativeZxid: relativeZxid(prng),
      dataWatches: somePaths(prng),
      existWatches: somePaths(prng),
      childWatches: somePaths(prng),
    },
  };
}

function setWatches2(prng: Prng): ScriptRequest {
  return {
    op: "setWatches2",
    body: {
      relativeZxid: relativeZxid(prng),
      dataWatches: somePaths(prng),
      existWatches: somePaths(prng),
      childWatches: somePaths(prng),
      persistentWatches: somePaths(prng),
      persistentRecursiveWatches: somePaths(prng),
    },
  };
}

const auth = (scheme: string, secret: string): ScriptRequest => ({
  op: "auth",
  body: { type: 0, scheme, auth: utf8(secret) },
});

const UNKNOWN_TYPES = [999, 0, -1, 10, 23, 108, -100];
/** Bodies that end too soon or say impossible things, for operations that have one. */
const BAD_BODIES = ["", "00", "ffffffff", "7fffffff", "00000005", "0000000161", "80000000"];
const BODY_TYPES = [
  OPCODES.create,
  OPCODES.create2,
  OPCODES.createTTL,
  OPCODES.delete,
  OPCODES.exists,
  OPCODES.getData,
  OPCODES.setData,
  OPCODES.getACL,
  OPCODES.setACL,
  OPCODES.getChildren,
  OPCODES.getChildren2,
  OPCODES.sync,
  OPCODES.check,
  OPCODES.multi,
  OPCODES.multiRead,
  OPCODES.setWatches,
  OPCODES.setWatches2,
  OPCODES.addWatch,
  OPCODES.removeWatches,
  OPCODES.checkWatches,
  OPCODES.getEphemerals,
  OPCODES.getAllChildrenNumber,
];

const LONERS: Choice<ScriptRequest> = [
  [8, (prng) => auth("digest", randomPick(prng, CREDENTIALS))],
  [1, () => auth("digest", SUPER_CREDENTIALS)],
  [1, (prng) => auth(randomPick(prng, ["ip", "world", "nonsense", "digest"]), "x")],
  [2, (prng) => ({ op: "raw", type: randomPick(prng, UNKNOWN_TYPES), hex: "" })],
  [
    4,
    (prng) => ({
      op: "raw",
      type: randomPick(prng, BODY_TYPES),
      hex: randomPick(prng, BAD_BODIES),
    }),
  ],
  [
    1,
    () => ({
      op: "reconfig",
      body: {
        joiningServers: undefined,
        leavingServers: "9",
        newMembers: undefined,
        curConfigId: -1,
      },
    }),
  ],
];
