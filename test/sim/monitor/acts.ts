/** What clients of the simulated ensemble do, one random thing at a time. */
import { utf8 } from "../../../cluster/base/bytes.ts";
import { ClusterError } from "../../../cluster/base/error.ts";
import { randomBetween, randomChance, randomInt, randomPick } from "../../../cluster/base/prng.ts";
import { acquireLock } from "../../../cluster/zookeeper/recipe/lock.ts";
import type { CreateMode } from "../../../cluster/zookeeper/transaction.ts";
import { isZooKeeperError } from "../../../cluster/zookeeper/zookeeper-error.ts";
import type { Visit } from "./visit.ts";
import { isWithoutEffect } from "./witness.ts";

export type Act = (visit: Visit) => Promise<void>;

/** Never deleted, written by all. */
const REGISTERS = ["/hot/a", "/hot/b"] as const;
const NODES = ["a", "b", "c", "d", "e", "f"] as const;
export const DIRECTORIES = ["/hot", ...REGISTERS, "/n", "/seq", "/eph", "/lock", "/box"] as const;
const LOCK_WAIT_MS = 2_000;
const LOCK_HOLD_MS_MEAN = 300;
const SEQUENTIAL_KEPT_CHANCE = 0.3;

async function told<T>(
  { witness }: Visit,
  token: string,
  write: Promise<T>,
  zxidOf: (answer: T) => number | undefined,
): Promise<T> {
  try {
    const answer = await write;
    witness.acknowledged(token, zxidOf(answer));
    return answer;
  } catch (error) {
    witness.failed(token, error);
    throw error;
  }
}

async function writeRegister(visit: Visit): Promise<void> {
  const { env, client, witness, name } = visit;
  const key = randomPick(env.prng, REGISTERS);
  const value = visit.token();
  let version: number | undefined;
  if (randomChance(env.prng, 0.4)) {
    version = Math.max(0, (await client.getData(key)).stat.version - randomInt(env.prng, 2));
  }
  const call = witness.registers.invoke({
    client: name,
    key,
    operation: { type: "write", value, version },
  });
  try {
    const stat = await told(
      visit,
      value,
      client.setData(key, utf8(value), version),
      (answer) => answer.mzxid,
    );
    witness.registers.complete(call, { type: "is", value, version: stat.version });
  } catch (error) {
    if (isZooKeeperError(error, "BADVERSION")) {
      witness.registers.complete(call, { type: "refused" });
    } else if (isWithoutEffect(error) || isZooKeeperError(error, "NONODE")) {
      witness.registers.discard(call);
    } else {
      witness.registers.unknown(call);
    }
    throw error;
  }
}

async function readRegister({ env, client, witness, name }: Visit): Promise<void> {
  const key = randomPick(env.prng, REGISTERS);
  const call = witness.registers.invoke({ client: name, key, operation: { type: "read" } });
  try {
    const [, { data, stat }] = await Promise.all([client.sync(key), client.getData(key)]);
    const value = Buffer.from(data).toString("latin1");
    witness.registers.complete(call, { type: "is", value, version: stat.version });
  } catch (error) {
    witness.registers.discard(call);
    throw error;
  }
}

function node({ env }: Visit): string {
  return `/n/${randomPick(env.prng, NODES)}`;
}

async function create(visit: Visit): Promise<void> {
  const token = visit.token();
  const write = visit.client.create(node(visit), utf8(token));
  await told(visit, token, write, ({ stat }) => stat.czxid);
}

async function createSequential(visit: Visit): Promise<void> {
  const { env, client } = visit;
  const token = visit.token();
  const options = { mode: "PERSISTENT_SEQUENTIAL" as const };
  const write = client.create("/seq/s", utf8(token), options);
  const { path } = await told(visit, token, write, ({ stat }) => stat.czxid);
  if (!randomChance(env.prng, SEQUENTIAL_KEPT_CHANCE)) await client.delete(path);
}

async function createOdd(visit: Visit): Promise<void> {
  const { env, client } = visit;
  const token = visit.token();
  const mode: CreateMode = randomPick(env.prng, ["CONTAINER", "PERSISTENT_WITH_TTL"] as const);
  const ttlMs = mode === "CONTAINER" ? {} : { ttlMs: 1 + randomInt(env.prng, 1_000) };
  const path = `/box/${randomPick(env.prng, NODES)}`;
  await told(
    visit,
    token,
    client.create(path, utf8(token), { mode, ...ttlMs }),
    ({ stat }) => stat.czxid,
  );
}

async function createEphemeral(visit: Visit): Promise<void> {
  const { env, client, witness, name } = visit;
  const token = visit.token();
  const isSequential = randomChance(env.prng, 0.5);
  const mode: CreateMode = isSequential ? "EPHEMERAL_SEQUENTIAL" : "EPHEMERAL";
  const write = client.create(`/eph/${token.slice(1, -1)}`, utf8(token), { mode });
  const { path } = await told(visit, token, write, ({ stat }) => stat.czxid);
  witness.created(name, path);
  if (randomChance(env.prng, 0.6)) return;
  witness.deleted(name, path);
  await client.delete(path);
}

async function setData(visit: Visit): Promise<void> {
  const token = visit.token();
  const version = randomBetween(visit.env.prng, -1, 2);
  const write = visit.client.setData(node(visit), utf8(token), version);
  await told(visit, token, write, ({ mzxid }) => mzxid);
}

async function remove(visit: Visit): Promise<void> {
  await visit.client.delete(node(visit));
}

/** All or nothing: one token stands for all parts. */
async function multi(visit: Visit): Promise<void> {
  const token = visit.token();
  const data = utf8(token);
  const [left, right] = [node(visit), node(visit)];
  const transaction = visit.client.transaction();
  if (randomChance(visit.env.prng, 0.5)) transaction.setData(left, data).check(right);
  else transaction.delete(left).create(right, data);
  await told(visit, token, transaction.commit(), () => undefined);
}

async function pipeline(visit: Visit): Promise<void> {
  const { client, witness } = visit;
  const options = { mode: "PERSISTENT_SEQUENTIAL" as const };
  const tokens = [visit.token(), visit.token(), visit.token()];
  const order: number[] = [];
  const writes = tokens.map(async (token, index) => {
    const write = client.create("/seq/p", utf8(token), options);
    const { path } = await told(visit, token, write, ({ stat }) => stat.czxid);
    if (order.some((earlier) => earlier > index)) witness.violated("answers came out of order");
    order.push(index);
    await client.delete(path);
  });
  for (const [index, second] of tokens.entries()) {
    const first = tokens[index - 1];
    if (first !== undefined) witness.pipelined(first, second);
  }
  const failed = (await Promise.allSettled(writes)).find(({ status }) => status === "rejected");
  if (failed?.status === "rejected") throw failed.reason;
}

async function watch(visit: Visit): Promise<void> {
  const { env, client } = visit;
  const listener = { watch: () => {} };
  switch (randomInt(env.prng, 4)) {
    case 0:
      await client.getData(node(visit), listener);
      return;
    case 1:
      await client.exists(node(visit), listener);
      return;
    case 2:
      await client.getChildren(randomPick(env.prng, ["/n", "/seq", "/eph"]), listener);
      return;
    default:
      await client.getData(randomPick(env.prng, REGISTERS), listener);
  }
}

async function lock({ env, client, witness, name, token, sleep }: Visit): Promise<void> {
  if (witness.lock.isWanted(name)) return;
  witness.lock.wants(name);
  try {
    const id = token().slice(1, -1);
    const held = await acquireLock({ client, path: "/lock", id, timeoutMs: LOCK_WAIT_MS });
    witness.lock.acquired(name, () => client.status, env.clock);
    await sleep(LOCK_HOLD_MS_MEAN);
    witness.lock.released(name);
    await held.release();
  } finally {
    witness.lock.released(name);
  }
}

async function reconnect({ tap, env }: Visit): Promise<void> {
  if (randomChance(env.prng, 0.3)) tap.cut();
  else throw new ClusterError("CANCELLED", "not now");
}

/** Each as often as it stands here. */
export const ACTS: readonly Act[] = [
  ...[writeRegister, writeRegister, writeRegister, readRegister, readRegister],
  ...[create, create, createSequential, createOdd, createEphemeral, createEphemeral],
  ...[setData, setData, remove, multi, multi, pipeline, pipeline],
  ...[watch, watch, watch, watch, watch, lock, reconnect],
];
