/**
 * The shells of primary and backup: they recover, run a core in the real loop, and turn its effects
 * into messages.
 */
import { assert, unreachable } from "../../../cluster/base/assert.ts";
import { ClusterError } from "../../../cluster/base/error.ts";
import type { PeerName } from "../../../cluster/base/ids.ts";
import { Loop } from "../../../cluster/runtime/loop.ts";
import type { Outgoing } from "../../../cluster/runtime/transport.ts";
import type { SimEnv } from "../process.ts";
import { type BackupEffect, type BackupEvent, type BackupState, stepBackup } from "./backup.ts";
import type { CounterHistory } from "./counter-history.ts";
import { readEntries } from "./entry-log.ts";
import type { CounterMessage } from "./messages.ts";
import type { Plant } from "./plant.ts";
import {
  createPrimary,
  type PrimaryEffect,
  type PrimaryEvent,
  type PrimaryState,
  stepPrimary,
} from "./primary.ts";

type Env = SimEnv<CounterMessage>;

const QUEUE_CAPACITY = 4096;
/** Calls that wait for their answer; further ones are refused. */
const CALLS_MAX = 1024;

export async function bootPrimary(
  env: Env,
  options: { backups: readonly PeerName[]; plant: Plant; history: CounterHistory },
): Promise<PrimaryState> {
  const entries = await readEntries(env.store);
  env.log.info("recovered", { entries: entries.length });
  options.history.recovered(env.name, entries);
  const state = createPrimary({ ...options, entries });
  const calls = new Calls();
  const transport = env.attach({
    receive({ from, message }) {
      if (message.type === "appended") {
        loop.submit({ type: "appended", from, count: message.count });
      }
    },
    answer: ({ message }) =>
      calls.open((call) => {
        if (message.type === "read") return loop.submit({ type: "read", call });
        if (message.type !== "increment") return false;
        const { session, request } = message;
        return loop.submit({ type: "increment", call, entry: { session, request } });
      }),
  });
  for (const backup of options.backups) transport.route(backup, backup);
  const perform = (effect: PrimaryEffect): void => {
    switch (effect.type) {
      case "send":
        transport.send(effect.to, effect);
        return;
      case "reply":
        calls.reply(effect.call, effect.count);
        return;
      case "refuse":
        calls.refuse(effect.call);
        return;
      case "persisted":
        assert(loop.submit(effect), "the queue is longer than all calls together");
        return;
      default:
        unreachable(effect, "effect");
    }
  };
  const { store, clock } = env;
  const loop = new Loop<PrimaryState, PrimaryEvent, PrimaryEffect>({
    state,
    step: stepPrimary,
    perform,
    store,
    clock,
    fail: env.exit,
    queueCapacity: QUEUE_CAPACITY,
  });
  loop.start();
  return state;
}

export async function bootBackup(
  env: Env,
  options: { plant: Plant; history: CounterHistory },
): Promise<BackupState> {
  const entries = await readEntries(env.store);
  env.log.info("recovered", { entries: entries.length });
  options.history.recovered(env.name, entries);
  const state: BackupState = { entries, plant: options.plant };
  const transport = env.attach({
    receive({ from, message }) {
      if (message.type === "append") loop.submit({ ...message, from });
    },
    answer: () => Promise.reject(new ClusterError("REMOTE_FAILED", "backups answer nobody")),
  });
  const loop = new Loop<BackupState, BackupEvent, BackupEffect>({
    state,
    step: stepBackup,
    perform: ({ to, message }) => transport.send(to, { message }),
    store: env.store,
    clock: env.clock,
    fail: env.exit,
    queueCapacity: QUEUE_CAPACITY,
  });
  loop.start();
  return state;
}

/** Requests whose answer the core will give, by number. */
class Calls {
  readonly #waiting = new Map<number, Waiting>();
  #lastCall = 0;

  /** `submit` gives the call to the core, and says whether there was room. */
  open(submit: (call: number) => boolean): Promise<Outgoing<CounterMessage>> {
    return new Promise((resolve, reject) => {
      this.#lastCall += 1;
      if (this.#waiting.size >= CALLS_MAX || !submit(this.#lastCall)) reject(overloaded());
      else this.#waiting.set(this.#lastCall, { resolve, reject });
    });
  }

  reply(call: number, count: number): void {
    this.#waiting.get(call)?.resolve({ message: { type: "counted", count } });
    this.#waiting.delete(call);
  }

  refuse(call: number): void {
    this.#waiting.get(call)?.reject(overloaded());
    this.#waiting.delete(call);
  }
}

interface Waiting {
  resolve(outgoing: Outgoing<CounterMessage>): void;
  reject(error: ClusterError): void;
}

function overloaded(): ClusterError {
  return new ClusterError("OVERLOADED", "the counter takes no more calls");
}
