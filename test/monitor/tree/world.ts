/** A tree with sessions that write to it one request per batch, as a test reads and writes it. */
import { assert, present } from "../../../cluster/base/assert.ts";
import { decode, encode } from "../../../cluster/wire/codec.ts";
import { type Acl, OPEN_ACL } from "../../../cluster/zookeeper/acl.ts";
import { type ErrorName, errorName } from "../../../cluster/zookeeper/error-codes.ts";
import type { Stat } from "../../../cluster/zookeeper/node-records.ts";
import {
  OPERATIONS,
  type OperationName,
  type RequestOf,
  type ResponseOf,
} from "../../../cluster/zookeeper/operations.ts";
import type { Entry, EntryOf, Identity } from "../../../monitor/tree/batch.ts";
import { batch as batchCodec } from "../../../monitor/tree/batch.ts";
import type { BatchOutcome, Outcome } from "../../../monitor/tree/outcome.ts";
import { type ReadOutcome, read } from "../../../monitor/tree/read.ts";
import { DEFAULT_SETTINGS, type TreeSettings } from "../../../monitor/tree/settings.ts";
import { lastZxid, type Tree, type TreeRules } from "../../../monitor/tree/state.ts";
import { applyBatch, createTree } from "../../../monitor/tree/tree.ts";

export interface Client {
  readonly session: number;
  readonly server: number;
  connection: number;
  sequence: number;
  identities: Identity[];
}

export interface Answer<Response> {
  readonly error: ErrorName;
  readonly response: Response | undefined;
  readonly outcome: Outcome;
}

export class World {
  readonly tree: Tree;
  wallMs = 1_000_000;
  epoch = 1;
  index = 0;
  /** Every batch so far, as it was sent. */
  readonly log: { readonly bytes: Uint8Array; readonly outcome: BatchOutcome }[] = [];
  #connections = 0;

  constructor(options: { rules?: Partial<TreeRules>; settings?: Partial<TreeSettings> } = {}) {
    this.tree = createTree({ rules: options.rules ?? {} });
    if (options.settings !== undefined) this.settings(options.settings);
  }

  settings(changes: Partial<TreeSettings>): Outcome {
    return this.entry({ type: "settings", settings: { ...DEFAULT_SETTINGS, ...changes } });
  }

  /** One after the other in one batch, through the codec as on the wire. */
  batch(...entries: Entry[]): BatchOutcome {
    this.wallMs += 10;
    const { epoch, index, wallMs } = this;
    this.index += 1;
    const bytes = encode(batchCodec, { epoch, index, wallMs, entries });
    const outcome = applyBatch(this.tree, decode(batchCodec, bytes));
    this.log.push({ bytes, outcome });
    return outcome;
  }

  entry(entry: Entry): Outcome {
    const outcome = this.batch(entry);
    assert(!outcome.isVoid, "a batch of the world is never void");
    return present(outcome.outcomes[0], "the outcome of the only entry");
  }

  connect(timeoutMs = 10_000): Client {
    this.#connections += 1;
    const connection = this.#connections;
    const password = new Uint8Array(16).fill(connection);
    const outcome = this.entry({
      type: "createSession",
      server: 7,
      connection,
      timeoutMs,
      password,
    });
    const session = present(outcome.session, "the new session");
    const identities = [{ scheme: "ip", id: "127.0.0.1" }];
    return { session, server: 7, connection, sequence: 0, identities };
  }

  /** The session goes on at another connection. */
  move(client: Client): Outcome {
    this.#connections += 1;
    const session = this.tree.sessions.find(client.session);
    const password = session?.password ?? new Uint8Array(16);
    const from = { server: client.server, connection: client.connection };
    client.connection = this.#connections;
    client.sequence = 0;
    const { server, connection } = client;
    const place = { session: client.session, server, connection };
    return this.entry({ type: "attachSession", ...place, timeoutMs: 20_000, password, from });
  }

  requestOf<N extends OperationName>(
    client: Client,
    name: N,
    fields: RequestOf<N>,
  ): EntryOf<"request"> {
    const { code, request } = OPERATIONS[name];
    const body = encode(request as Parameters<typeof encode<RequestOf<N>>>[0], fields);
    return this.rawRequest(client, code, body);
  }

  rawRequest(client: Client, op: number, body: Uint8Array): EntryOf<"request"> {
    client.sequence += 1;
    const { session, server, connection, sequence, identities } = client;
    return { type: "request", session, server, connection, sequence, identities, op, body };
  }

  write<N extends OperationName>(
    client: Client,
    name: N,
    fields: RequestOf<N>,
  ): Answer<ResponseOf<N>> {
    const outcome = this.entry(this.requestOf(client, name, fields));
    return answerOf(name, outcome);
  }

  read<N extends OperationName>(
    client: Client,
    name: N,
    fields: RequestOf<N>,
  ): ReadOutcome & { name: ErrorName; fields: ResponseOf<N> | undefined } {
    const { code, request, response } = OPERATIONS[name];
    const body = encode(request as Parameters<typeof encode<RequestOf<N>>>[0], fields);
    const { identities, session } = client;
    const outcome = read(this.tree, { op: code, body, identities, session });
    return {
      ...outcome,
      name: nameOf(outcome.error),
      fields:
        outcome.response === undefined
          ? undefined
          : (decode(response as Parameters<typeof decode>[0], outcome.response) as ResponseOf<N>),
    };
  }

  create(client: Client, path: string, options: CreateOptions = {}): Answer<ResponseOf<"create">> {
    return this.write(client, "create", { ...createFields(options), path });
  }

  set(client: Client, path: string, text: string, version = -1): Answer<ResponseOf<"setData">> {
    return this.write(client, "setData", { path, data: Buffer.from(text), version });
  }

  delete(client: Client, path: string, version = -1): Answer<ResponseOf<"delete">> {
    return this.write(client, "delete", { path, version });
  }

  stat(client: Client, path: string): Stat {
    const { fields } = this.read(client, "exists", { path, watch: false });
    return present(fields, `the stat of ${path}`).stat;
  }

  children(client: Client, path: string): readonly string[] {
    const { fields } = this.read(client, "getChildren", { path, watch: false });
    return present(fields, `the children of ${path}`).children;
  }

  get zxid(): number {
    return lastZxid(this.tree);
  }
}

export interface CreateOptions {
  readonly data?: Uint8Array | undefined;
  readonly acl?: readonly Acl[];
  readonly flags?: number;
}

export function createFields({ data, acl = OPEN_ACL, flags = 0 }: CreateOptions) {
  return { data, acl, flags };
}

export function answerOf<N extends OperationName>(
  name: N,
  outcome: Outcome,
): Answer<ResponseOf<N>> {
  const codec = OPERATIONS[name].response as Parameters<typeof decode>[0];
  const { response } = outcome;
  return {
    error: nameOf(outcome.error),
    response: response === undefined ? undefined : (decode(codec, response) as ResponseOf<N>),
    outcome,
  };
}

export function nameOf(code: number): ErrorName {
  return present(errorName(code), `the name of the error ${code}`);
}
