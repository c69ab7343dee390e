/**
 * Who is there: each member has an ephemeral node with what it says about itself. A registration is
 * made again when the session was renewed or the node is gone; a list is watched, and of it only
 * what has changed is read again.
 */
import { equalBytes } from "../../base/bytes.ts";
import type { ZooKeeperClient } from "../client.ts";
import { childPath } from "../path.ts";
import { ZooKeeperError } from "../zookeeper-error.ts";
import { ensurePath } from "./ensure-path.ts";
import { disown } from "./own-node.ts";
import { unless } from "./retry.ts";
import { Routine } from "./routine.ts";

export interface RegistrationOptions {
  readonly client: ZooKeeperClient;
  readonly path: string;
  /** The member's name. One that is registered already, by another session, is taken over. */
  readonly name: string;
  readonly data: Uint8Array;
  /** Whether it may be, given what that one says about itself; if not, this one waits until it is gone. */
  readonly mayTakeOver?: (data: Uint8Array) => boolean;
  /** It stands in the list, at first or again. */
  readonly onRegistered?: () => void;
  readonly onFailure: (error: unknown) => void;
}

export class Registration {
  readonly #options: RegistrationOptions;
  readonly #routine: Routine;
  #data: Uint8Array;
  /** The session whose node stood in the list. */
  #registered: bigint | undefined;

  constructor(options: RegistrationOptions) {
    this.#options = options;
    this.#data = options.data;
    this.#routine = new Routine({
      client: options.client,
      look: () => this.#look(),
      failed: options.onFailure,
    });
  }

  /** From now on the member says this about itself. */
  update(data: Uint8Array): void {
    this.#data = data;
    this.#routine.poke();
  }

  async stop(): Promise<void> {
    this.#routine.stop();
    await this.#routine.ended;
    const { client, path, name } = this.#options;
    await disown(client, childPath(path, name));
  }

  async #look(): Promise<void> {
    const { client, path, name, mayTakeOver, onRegistered } = this.#options;
    const own = childPath(path, name);
    const data = this.#data;
    const watch = this.#routine.poke;
    await ensurePath(client, path);
    const read = await unless("NONODE", client.getData(own, { watch }));
    if (read?.stat.ephemeralOwner === client.sessionId) {
      if (this.#registered !== client.sessionId) onRegistered?.();
      this.#registered = client.sessionId;
      if (!equalBytes(read.data, data)) await client.setData(own, data);
      return;
    }
    if (read !== undefined) {
      if (mayTakeOver?.(read.data) === false) return;
      await this.#takeOver(own);
    }
    await unless("NODEEXISTS", client.create(own, data, { mode: "EPHEMERAL" }));
    // Whoever owns it now, it is watched from the next look on.
    this.#routine.poke();
  }

  /** Of an earlier session of this member, which is over or will be. */
  async #takeOver(own: string): Promise<void> {
    const { client } = this.#options;
    // Two that take the name from each other would do so for ever.
    if (this.#registered === client.sessionId) {
      const hint = "another session has taken this name";
      throw new ZooKeeperError("NODEEXISTS", { operation: "register", path: own, hint });
    }
    await unless("NONODE", client.delete(own));
  }
}

export type Members = ReadonlyMap<string, Uint8Array>;

export interface MemberListOptions {
  readonly client: ZooKeeperClient;
  readonly path: string;
  readonly onChange: (members: Members) => void;
  readonly onFailure: (error: unknown) => void;
}

export class MemberList {
  readonly #options: MemberListOptions;
  readonly #routine: Routine;
  /** What was read and has not changed since. */
  readonly #known = new Map<string, Uint8Array>();
  #told: Members | undefined;

  constructor(options: MemberListOptions) {
    this.#options = options;
    this.#routine = new Routine({
      client: options.client,
      look: () => this.#look(),
      // Watches ended with the session, so what they guarded is no longer known.
      statusChanged: ({ status }) => {
        if (status === "expired") this.#known.clear();
      },
      failed: options.onFailure,
    });
  }

  /** As of the last look; stale while the client is not connected. */
  get members(): Members {
    return this.#told ?? new Map();
  }

  async stop(): Promise<void> {
    this.#routine.stop();
    await this.#routine.ended;
  }

  async #look(): Promise<void> {
    const { client, path, onChange } = this.#options;
    const watch = this.#routine.poke;
    const listing = await unless("NONODE", client.getChildren(path, { watch }));
    // Who only looks makes nothing: the list is empty until somebody registers.
    if (listing === undefined && (await client.exists(path, { watch })) !== undefined) watch();
    const children = listing?.children ?? [];
    for (const name of this.#known.keys()) if (!children.includes(name)) this.#known.delete(name);
    await Promise.all(children.map((name) => this.#read(name)));
    if (this.#routine.isStopped || sameMembers(this.#told, this.#known)) return;
    this.#told = new Map([...this.#known].toSorted(([left], [right]) => (left < right ? -1 : 1)));
    onChange(this.#told);
  }

  async #read(name: string): Promise<void> {
    if (this.#known.has(name)) return;
    const { client, path } = this.#options;
    const changed = (): void => {
      this.#known.delete(name);
      this.#routine.poke();
    };
    const read = await unless("NONODE", client.getData(childPath(path, name), { watch: changed }));
    if (read !== undefined) this.#known.set(name, Uint8Array.from(read.data));
  }
}

function sameMembers(left: Members | undefined, right: Members): boolean {
  if (left?.size !== right.size) return false;
  return [...right].every(([name, data]) => {
    const other = left.get(name);
    return other !== undefined && equalBytes(other, data);
  });
}
