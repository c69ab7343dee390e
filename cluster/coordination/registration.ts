/**
 * Which daemons are there: each has an ephemeral node with what it says about itself, and whoever wants to know watches
 * them all. A daemon that starts again finds the node of the process before, whose session may last for a while yet: it
 * removes it if that one had the same store, whose lock it holds now (C5), and else waits until it is gone.
 */
import { assert } from "../base/assert.ts";
import { equalBytes } from "../base/bytes.ts";
import type { Log } from "../base/log.ts";
import { decode, encode, record, str, type TypeOf, u53 } from "../wire/codec.ts";
import { CodecError } from "../wire/codec-error.ts";
import { versioned } from "../wire/versioned.ts";
import type { ZooKeeperClient } from "../zookeeper/client.ts";
import { MemberList, type Members, Registration } from "../zookeeper/recipe/service-registry.ts";
import { PATHS } from "./paths.ts";

const DAEMON_PATHS = {
  osd: PATHS.osd,
  gateway: PATHS.gateway,
  monitor: PATHS.monitor,
  agent: PATHS.agent,
} as const;
export type DaemonKind = keyof typeof DAEMON_PATHS;

const registeredDaemon = versioned(
  1,
  record({
    /** `host:port`, or several with commas. */
    address: str,
    /** Of this process, random. */
    nonce: u53,
    host: str,
    version: str,
    /** Of the store whose lock it holds; of a daemon without one, whatever tells it from others of its name. */
    uuid: str,
  }),
);
export type RegisteredDaemon = TypeOf<typeof registeredDaemon>;

export interface DaemonRegistrationOptions {
  readonly client: ZooKeeperClient;
  readonly kind: DaemonKind;
  /** "3" of osd.3. */
  readonly name: string;
  readonly daemon: RegisteredDaemon;
  readonly onRegistered?: () => void;
  /** Somebody else has the name; this one waits. */
  readonly onBlocked?: (by: RegisteredDaemon | undefined) => void;
  readonly onFailure: (error: unknown) => void;
}

/** Registers, and again when the session was renewed or the node is gone, until it is stopped. */
export function registerDaemon(options: DaemonRegistrationOptions): Registration {
  const { kind, daemon, onBlocked, ...rest } = options;
  assert(daemon.uuid !== "", "a daemon can be told from others of its name");
  let told: Uint8Array | undefined;
  return new Registration({
    ...rest,
    path: DAEMON_PATHS[kind],
    data: encode(registeredDaemon, daemon),
    mayTakeOver: (data) => {
      const by = decoded(data);
      if (by?.uuid === daemon.uuid) return true;
      // It is asked at every look, and whoever blocks is told once.
      const isKnown = told !== undefined && equalBytes(told, data);
      told = Uint8Array.from(data);
      if (!isKnown) onBlocked?.(by);
      return false;
    },
  });
}

export type RegistrationChange =
  | { readonly type: "appeared"; readonly name: string; readonly daemon: RegisteredDaemon }
  /** Another process, or the same that says something else about itself. */
  | {
      readonly type: "changed";
      readonly name: string;
      readonly daemon: RegisteredDaemon;
      readonly before: RegisteredDaemon;
    }
  | { readonly type: "vanished"; readonly name: string; readonly before: RegisteredDaemon };

export interface RegistrationWatchOptions {
  readonly client: ZooKeeperClient;
  readonly kind: DaemonKind;
  readonly log: Log;
  /** First all that are there, also if none are; then what changes. */
  readonly onChange: (changes: readonly RegistrationChange[]) => void;
  readonly onFailure: (error: unknown) => void;
}

export class RegistrationWatch {
  readonly #options: RegistrationWatchOptions;
  readonly #list: MemberList;
  #daemons: ReadonlyMap<string, RegisteredDaemon> = new Map();

  constructor(options: RegistrationWatchOptions) {
    const { client, kind, onFailure } = options;
    this.#options = options;
    this.#list = new MemberList({
      client,
      path: DAEMON_PATHS[kind],
      onChange: (members) => this.#changed(members),
      onFailure,
    });
  }

  /** As of the last look; stale while the client is not connected. */
  get daemons(): ReadonlyMap<string, RegisteredDaemon> {
    return this.#daemons;
  }

  async stop(): Promise<void> {
    await this.#list.stop();
  }

  #changed(members: Members): void {
    const { kind, log, onChange } = this.#options;
    const daemons = new Map<string, RegisteredDaemon>();
    for (const [name, data] of members) {
      const daemon = decoded(data);
      if (daemon !== undefined) daemons.set(name, daemon);
      else log.warn(`${kind}.${name} says nothing about itself that can be read; is it newer?`);
    }
    const changes = changesBetween(this.#daemons, daemons);
    this.#daemons = daemons;
    onChange(changes);
  }
}

export function changesBetween(
  before: ReadonlyMap<string, RegisteredDaemon>,
  after: ReadonlyMap<string, RegisteredDaemon>,
): RegistrationChange[] {
  const changes: RegistrationChange[] = [];
  for (const [name, daemon] of before) {
    if (!after.has(name)) changes.push({ type: "vanished", name, before: daemon });
  }
  for (const [name, daemon] of after) {
    const known = before.get(name);
    if (known === undefined) changes.push({ type: "appeared", name, daemon });
    else if (!isSame(known, daemon)) changes.push({ type: "changed", name, daemon, before: known });
  }
  return changes;
}

function isSame(left: RegisteredDaemon, right: RegisteredDaemon): boolean {
  return (
    left.nonce === right.nonce &&
    left.address === right.address &&
    left.host === right.host &&
    left.version === right.version &&
    left.uuid === right.uuid
  );
}

function decoded(data: Uint8Array): RegisteredDaemon | undefined {
  try {
    return decode(registeredDaemon, data);
  } catch (error) {
    if (error instanceof CodecError) return undefined;
    throw error;
  }
}
