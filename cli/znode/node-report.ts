/** What is known about a node, for people and for programs. */
import type { Acl } from "../../cluster/zookeeper/acl.ts";
import type { Stat } from "../../cluster/zookeeper/node-records.ts";
import { formatAcl } from "./acl-text.ts";
import { printableText } from "./printable.ts";

const NAME_WIDTH = 16;

/** Zxids and session ids as ZooKeeper writes them everywhere, times as milliseconds since 1970. */
export function statJson(stat: Stat): Record<string, number | string> {
  return {
    ...stat,
    czxid: hex(stat.czxid),
    mzxid: hex(stat.mzxid),
    pzxid: hex(stat.pzxid),
    ephemeralOwner: hex(stat.ephemeralOwner),
  };
}

/** `text` only if the data are one; `data` always, in base64. */
export function dataJson(data: Uint8Array): { data: string; text?: string } {
  const text = printableText(data);
  const base64 = Buffer.from(data).toString("base64");
  return text === undefined ? { data: base64 } : { data: base64, text };
}

export function aclJson(acl: readonly Acl[]): { acl: string[] } {
  return { acl: acl.map(formatAcl) };
}

export function jsonLine(value: object): string {
  return `${JSON.stringify(value)}\n`;
}

/** A line for each field, in ZooKeeper's order and under its names. */
export function statLines(stat: Stat): string[] {
  const owner = stat.ephemeralOwner === 0n ? "none" : `session ${hex(stat.ephemeralOwner)}`;
  const fields: [string, string][] = [
    ["czxid", hex(stat.czxid)],
    ["ctime", time(stat.ctime)],
    ["mzxid", hex(stat.mzxid)],
    ["mtime", time(stat.mtime)],
    ["pzxid", hex(stat.pzxid)],
    ["version", String(stat.version)],
    ["cversion", String(stat.cversion)],
    ["aversion", String(stat.aversion)],
    ["ephemeralOwner", owner],
    ["dataLength", String(stat.dataLength)],
    ["numChildren", String(stat.numChildren)],
  ];
  return fields.map(([name, value]) => `${name.padEnd(NAME_WIDTH)}${value}\n`);
}

/** One line of a long listing. */
export function listingLine(name: string, stat: Stat | undefined): string {
  // It was deleted between the listing and the look at it.
  if (stat === undefined)
    return `${"-".padStart(9)} ${"-".padStart(8)}  ${" ".repeat(19)}  ${name}\n`;
  const kind = stat.ephemeralOwner === 0n ? "" : "  (ephemeral)";
  const size = String(stat.dataLength).padStart(9);
  const children = String(stat.numChildren).padStart(8);
  return `${size} ${children}  ${time(stat.mtime)}  ${name}${kind}\n`;
}

export const LISTING_HEAD = `${"bytes".padStart(9)} children  ${"modified (UTC)".padEnd(19)}  name\n`;

/** In UTC, to the second. */
export function time(wallMs: number): string {
  const date = new Date(wallMs);
  if (Number.isNaN(date.getTime())) return "never".padEnd(19);
  return date.toISOString().slice(0, 19).replace("T", " ");
}

function hex(value: number | bigint): string {
  return `0x${BigInt.asUintN(64, BigInt(value)).toString(16)}`;
}
