/**
 * The cluster key in its file: 32 random bytes as 64 hexadecimal digits and a line break, for its owner alone. Whoever has
 * it is a member of the cluster, so the file is never overwritten: what it opened would be lost for ever.
 */
import { randomBytes } from "node:crypto";
import { link, open, readFile, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { toHex } from "../base/bytes.ts";
import { ClusterError } from "../base/error.ts";
import { CLUSTER_KEY_SIZE } from "../wire/handshake.ts";

const OWNER_ONLY = 0o600;
/** Anybody but its owner. */
const OTHERS = 0o077;
const SUFFIX_SIZE = 6;

/** Makes a new key and its file. Throws CONFIG_INVALID if there is a file already, or none can be made. */
export async function createKeyFile(path: string): Promise<Uint8Array> {
  const key = new Uint8Array(randomBytes(CLUSTER_KEY_SIZE));
  // Under another name until it is whole, so that a crash leaves no half of a key behind the name that counts.
  const draft = `${path}.${toHex(randomBytes(SUFFIX_SIZE))}`;
  try {
    await writeDurably(draft, `${toHex(key)}\n`);
    // Unlike a rename, a link fails if the name is taken.
    await link(draft, path);
    await rm(draft);
    await syncDirectory(dirname(path));
  } catch (cause) {
    await rm(draft, { force: true }).catch(() => {});
    throw notCreated(path, cause);
  }
  return key;
}

export async function readClusterKey(path: string): Promise<Uint8Array> {
  const [text, { mode }] = await Promise.all([readFile(path, "utf8"), stat(path)]).catch(
    (cause: unknown) => {
      throw invalid(`cannot read the cluster key: ${messageOf(cause)}`, cause);
    },
  );
  if ((mode & OTHERS) !== 0) {
    throw invalid(`${path} holds the cluster key and others may read it; run chmod 600 ${path}`);
  }
  const digits = text.trim();
  if (!/^[0-9a-fA-F]{64}$/.test(digits)) {
    throw invalid(
      `${path} does not hold a cluster key: ${2 * CLUSTER_KEY_SIZE} hexadecimal digits, as of openssl rand -hex 32`,
    );
  }
  return Buffer.from(digits, "hex");
}

async function writeDurably(path: string, text: string): Promise<void> {
  const file = await open(path, "wx", OWNER_ONLY);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

function notCreated(path: string, cause: unknown): ClusterError {
  const exists = (cause as NodeJS.ErrnoException).code === "EEXIST";
  const why = exists
    ? "it exists already, and a key is never overwritten"
    : `it cannot be written: ${messageOf(cause)}`;
  return invalid(`no cluster key was made at ${path}: ${why}`, cause);
}

function invalid(message: string, cause?: unknown): ClusterError {
  return new ClusterError("CONFIG_INVALID", message, { cause });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
