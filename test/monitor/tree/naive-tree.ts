/**
 * ZooKeeper's semantics of the core operations, written as plainly as possible and from its
 * documentation and behaviour alone: one map, whole copies for a multi, everything looked for
 * instead of kept. No ACLs but that of /zookeeper/config.
 */
import { ERRORS, type ErrorName } from "../../../cluster/zookeeper/error-codes.ts";
import type { MultiOp } from "../../../cluster/zookeeper/multi-records.ts";
import type { RandomWrite } from "./random-ops.ts";

export interface NaiveNode {
  data: string | null;
  czxid: number;
  mzxid: number;
  pzxid: number;
  ctime: number;
  mtime: number;
  version: number;
  creations: number;
  removals: number;
  owner: number | "container" | undefined;
}

interface Where {
  readonly zxid: number;
  readonly wallMs: number;
  readonly session: number;
}

type Result = { path?: string } | ErrorName;

export class NaiveTree {
  nodes = new Map<string, NaiveNode>();

  constructor() {
    for (const path of ["/", "/zookeeper", "/zookeeper/quota", "/zookeeper/config"]) {
      this.nodes.set(path, blank(0, 0, undefined));
    }
  }

  children(path: string): string[] {
    const prefix = path === "/" ? "/" : `${path}/`;
    return [...this.nodes.keys()].filter(
      (other) =>
        other !== path && other.startsWith(prefix) && !other.slice(prefix.length).includes("/"),
    );
  }

  /** The error of the reply, and of a multi the results of its parts. */
  write(write: RandomWrite, place: Where): unknown {
    if (write.name !== "multi") {
      const name = write.name === "create2" ? "create" : write.name;
      const result = this.#one(name, write.fields as never, place);
      return typeof result === "string" ? result : "OK";
    }
    const before = new Map([...this.nodes].map(([path, node]) => [path, { ...node }]));
    const codes: number[] = [];
    for (const part of write.fields as readonly MultiOp[]) {
      const name = part.type === "create2" ? "create" : part.type;
      // The flags make a container here, not the operation.
      const kind =
        name === "create" && "flags" in part && part.flags === 4 ? "createContainer" : name;
      const result = this.#one(kind, part as never, place);
      if (typeof result === "string") {
        this.nodes = before;
        const count = (write.fields as readonly MultiOp[]).length;
        return Array.from({ length: count }, (_, at) =>
          at < codes.length ? 0 : at === codes.length ? ERRORS[result] : -2,
        );
      }
      codes.push(0);
    }
    return codes;
  }

  closeSession(session: number, zxid: number): void {
    const own = [...this.nodes].filter(([, { owner }]) => owner === session).map(([path]) => path);
    for (const path of own) this.#remove(path, zxid);
  }

  /** As clients see it, without the aversion. */
  visible(): Record<string, unknown> {
    const shown = [...this.nodes].map(([path, node]) => {
      const { data, creations, removals, owner, ...fields } = node;
      const numChildren = this.children(path).length;
      const system = path === "/" ? 1 : path === "/zookeeper" ? 2 : 0;
      const stat = {
        ...fields,
        cversion: creations + removals - system,
        ephemeralOwner: typeof owner === "number" ? BigInt(owner) : 0n,
        dataLength: data === null ? 0 : data.length / 2,
        numChildren,
        data,
      };
      return [path, stat] as const;
    });
    return Object.fromEntries(shown);
  }

  #one(
    name: string,
    fields: { path: string; data?: Uint8Array; flags: number; version: number },
    { zxid, wallMs, session }: Where,
  ): Result {
    const { path, flags, version } = fields;
    const data = fields.data === undefined ? null : Buffer.from(fields.data).toString("hex");
    const isKnown = this.nodes.get(path);
    if (name === "setData" || name === "check") {
      if (!isPath(path)) return "BADARGUMENTS";
      if (isKnown === undefined) return "NONODE";
      if (path === "/zookeeper/config" && name === "setData") return "NOAUTH";
      if (version !== -1 && version !== isKnown.version) return "BADVERSION";
      if (name === "check") return {};
      Object.assign(isKnown, { data, mzxid: zxid, mtime: wallMs, version: isKnown.version + 1 });
      return {};
    }
    if (!path.includes("/")) return "BADARGUMENTS";
    const parentPath = path.slice(0, path.lastIndexOf("/")) || "/";
    const parent = this.nodes.get(parentPath);
    if (name === "delete") {
      if (path === "/" || path.startsWith("/zookeeper")) return "BADARGUMENTS";
      if (parent === undefined || isKnown === undefined) return "NONODE";
      if (version !== -1 && version !== isKnown.version) return "BADVERSION";
      if (this.children(path).length > 0) return "NOTEMPTY";
      this.#remove(path, zxid);
      return {};
    }
    if (parent === undefined) return "NONODE";
    const isSequential = flags === 2 || flags === 3;
    const whole = isSequential ? path + String(parent.creations).padStart(10, "0") : path;
    if (!isPath(whole)) return "BADARGUMENTS";
    if (this.nodes.has(whole)) return "NODEEXISTS";
    if (typeof parent.owner === "number") return "NOCHILDRENFOREPHEMERALS";
    const isEphemeral = (flags === 1 || flags === 3) && name !== "createContainer";
    const owner = name === "createContainer" ? "container" : isEphemeral ? session : undefined;
    this.nodes.set(whole, { ...blank(zxid, wallMs, owner), data });
    parent.creations += 1;
    parent.pzxid = zxid;
    return { path: whole };
  }

  #remove(path: string, zxid: number): void {
    this.nodes.delete(path);
    const parent = this.nodes.get(path.slice(0, path.lastIndexOf("/")) || "/");
    if (parent === undefined) return;
    parent.removals += 1;
    parent.pzxid = zxid;
  }
}

function blank(zxid: number, wallMs: number, owner: NaiveNode["owner"]): NaiveNode {
  const times = { ctime: wallMs, mtime: wallMs };
  const zxids = { czxid: zxid, mzxid: zxid, pzxid: zxid };
  return { data: "", ...zxids, ...times, version: 0, creations: 0, removals: 0, owner };
}

function isPath(path: string): boolean {
  if (path === "/") return true;
  const [first, ...names] = path.split("/");
  return (
    first === "" &&
    names.length > 0 &&
    names.every((name) => name !== "" && name !== "." && name !== "..")
  );
}
