/**
 * One of many leads: whoever's node has the lowest number. Each watches only the node before its
 * own, so that a change wakes one and not all.
 *
 * A candidate's role is "leading" only while it is connected and has seen that its node is the
 * lowest. When the connection is lost it is "doubtful": another may lead already, and the candidate
 * cannot know. So a leader adds `check()` to each of its transactions: they are carried out as long
 * as its node exists, and the lowest stays the lowest for as long as that is.
 */
import type { ClientStatus, ZooKeeperClient } from "../client.ts";
import type { MultiOp } from "../multi-records.ts";
import { ANY_VERSION } from "../node-records.ts";
import { childPath, nameOf } from "../path.ts";
import { ensurePath } from "./ensure-path.ts";
import { abandon, inSequence, ownNode } from "./own-node.ts";
import { persistently, unless } from "./retry.ts";
import { Routine } from "./routine.ts";

/** `ended`: by `stop`, or because the session is over for good or something was refused. */
export type ElectionRole = "waiting" | "leading" | "doubtful" | "ended";

export interface ElectionOptions {
  readonly client: ZooKeeperClient;
  /** Whose children are the candidates' nodes. */
  readonly path: string;
  /** Random, and of this candidate alone. */
  readonly id: string;
  /** Where the leader can be reached. */
  readonly address: Uint8Array;
  readonly onRole: (role: ElectionRole, error?: unknown) => void;
}

export class LeaderElection {
  readonly #options: ElectionOptions;
  readonly #routine: Routine;
  #role: ElectionRole = "waiting";
  #ownPath: string | undefined;

  /** It stands for election at once. */
  constructor(options: ElectionOptions) {
    this.#options = options;
    this.#routine = new Routine({
      client: options.client,
      look: () => this.#look(),
      statusChanged: (status) => this.#statusChanged(status),
      failed: (error) => this.#become("ended", error),
    });
  }

  get role(): ElectionRole {
    return this.#role;
  }

  /** The candidate's node, if it has one. */
  get ownPath(): string | undefined {
    return this.#ownPath;
  }

  /** For a transaction that only the leader may make. Undefined if this is not the leader. */
  check(): MultiOp | undefined {
    if (this.#role !== "leading" || this.#ownPath === undefined) return undefined;
    return { type: "check", path: this.#ownPath, version: ANY_VERSION };
  }

  /** Steps down, and lets the next one lead. */
  async stop(): Promise<void> {
    this.#become("ended");
    this.#routine.stop();
    await this.#routine.ended;
    const { client, path: directory, id } = this.#options;
    await abandon(client, { directory, id });
  }

  async #look(): Promise<void> {
    const { client, path, id, address } = this.#options;
    await ensurePath(client, path);
    const own = await ownNode(client, { directory: path, id, data: address });
    this.#ownPath = own;
    const { children } = await client.getChildren(path);
    const order = inSequence(children);
    const place = order.indexOf(nameOf(own));
    const before = order[place - 1];
    const watched = before === undefined ? own : childPath(path, before);
    const watch = before === undefined ? this.#ownChanged : this.#routine.poke;
    const isThere = (await client.exists(watched, { watch })) !== undefined;
    if (!isThere || place < 0) this.#routine.poke();
    else if (before === undefined) this.#become("leading");
    else this.#become("waiting");
  }

  /** Somebody deleted the leader's node, most likely. */
  readonly #ownChanged = (): void => {
    if (this.#role === "leading") this.#become("doubtful");
    this.#routine.poke();
  };

  #statusChanged({ status }: ClientStatus): void {
    if (status === "disconnected" && this.#role === "leading") this.#become("doubtful");
    if (status === "expired" && this.#role !== "ended") {
      this.#ownPath = undefined;
      this.#become("waiting");
    }
  }

  #become(role: ElectionRole, error?: unknown): void {
    // What was seen while a connection was being lost proves nothing any more.
    if (role === "leading" && this.#options.client.status !== "connected") return;
    if (this.#role === role || this.#role === "ended") return;
    this.#role = role;
    this.#options.onRole(role, error);
  }
}

/** Who leads, as others see it; undefined if nobody does. */
export function currentLeader(
  client: ZooKeeperClient,
  path: string,
): Promise<{ readonly path: string; readonly address: Uint8Array } | undefined> {
  return persistently(client, async () => {
    for (;;) {
      const listing = await unless("NONODE", client.getChildren(path));
      const [first] = inSequence(listing?.children ?? []);
      if (first === undefined) return undefined;
      const leader = childPath(path, first);
      const read = await unless("NONODE", client.getData(leader));
      if (read !== undefined) return { path: leader, address: read.data };
    }
  });
}
