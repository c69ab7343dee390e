/**
 * What is done to a server, as plain data: it can be drawn from a seed, made smaller, printed, and
 * done again. Paths begin with ~, which stands for a node of the run's own.
 */
import { encode } from "../../../cluster/wire/codec.ts";
import {
  OPERATIONS,
  type OperationName,
  type RequestOf,
} from "../../../cluster/zookeeper/operations.ts";
import type { RawRequest } from "./raw-session.ts";

/** In the place of a zxid: the last one that the session was told. */
export const LAST_SEEN = Number.MAX_SAFE_INTEGER;

type Typed = {
  [N in OperationName]: { readonly op: N; readonly body: RequestOf<N> };
}[OperationName];

export type ScriptRequest =
  | Typed
  /** Whatever the server makes of it. */
  | { readonly op: "raw"; readonly type: number; readonly hex: string };

export type Step =
  /** The requests leave at once, and the step ends when all are answered. */
  | { readonly act: "send"; readonly session: number; readonly requests: readonly ScriptRequest[] }
  /** The session ends. */
  | { readonly act: "close"; readonly session: number }
  /** The connection ends, the session goes on, and the requests are the first that it sends. */
  | {
      readonly act: "reconnect";
      readonly session: number;
      readonly requests: readonly ScriptRequest[];
    }
  /** Somebody tries to take the session over who does not know its password. */
  | { readonly act: "intrude"; readonly session: number };

export type Script = readonly Step[];

export const ROOT_MARK = "~";

/** As it goes over the wire, with the run's own node in the place of the mark. */
export function toRaw(request: ScriptRequest, root: string, lastZxid: number): RawRequest {
  if (request.op === "raw") {
    return { type: request.type, body: Buffer.from(request.hex, "hex") };
  }
  const placed = place(request, root, lastZxid);
  const { code, request: codec } = OPERATIONS[placed.op];
  return { type: code, body: encode(codec as never, placed.body as never) as Uint8Array };
}

/** Every text that begins with the mark, wherever it stands, is a path. */
function place<T>(value: T, root: string, lastZxid: number): T {
  const visit = (part: unknown): unknown => {
    if (typeof part === "string") return part.startsWith(ROOT_MARK) ? root + part.slice(1) : part;
    if (part === LAST_SEEN) return lastZxid;
    if (Array.isArray(part)) return part.map(visit);
    if (part instanceof Uint8Array || typeof part !== "object" || part === null) return part;
    return Object.fromEntries(Object.entries(part).map(([name, each]) => [name, visit(each)]));
  };
  return visit(value) as T;
}

/** One line a request, to be read by whoever looks for the reason. */
export function printScript(script: Script): string {
  return script.map((step, index) => printStep(step, index)).join("\n");
}

function printStep(step: Step, index: number): string {
  const head = `${String(index + 1).padStart(3)}. session ${step.session + 1} `;
  if (step.act === "close") return `${head}closes`;
  if (step.act === "intrude") return `${head}is asked for with a wrong password`;
  const lines = step.requests.map((request) => printRequest(request));
  if (step.act === "reconnect") {
    return [`${head}drops its connection and comes back`, ...lines].join(`\n${" ".repeat(7)}`);
  }
  return `${head}${lines.join(`\n${" ".repeat(head.length)}`)}`;
}

export function printRequest(request: ScriptRequest): string {
  if (request.op === "raw") return `type ${request.type}, body ${request.hex || "empty"}`;
  return `${request.op} ${printValue(request.body)}`;
}

export function printValue(value: unknown): string {
  if (typeof value === "bigint") return String(value);
  if (value instanceof Uint8Array) return printData(value);
  if (Array.isArray(value)) return `[${value.map(printValue).join(", ")}]`;
  if (value === LAST_SEEN) return "last seen";
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const fields = Object.entries(value).map(([name, each]) => `${name}: ${printValue(each)}`);
  return fields.length === 0 ? "" : `{ ${fields.join(", ")} }`;
}

const SHOWN_SIZE = 40;

function printData(bytes: Uint8Array): string {
  const text = JSON.stringify(Buffer.from(bytes.subarray(0, SHOWN_SIZE)).toString("latin1"));
  return bytes.byteLength > SHOWN_SIZE ? `${text}... (${bytes.byteLength} bytes)` : text;
}
