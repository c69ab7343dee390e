/** `kelp znode`: looks into and changes the tree of a ZooKeeper or of Kelp's monitors. */
import { readFileSync } from "node:fs";
import { type Command, InvalidArgumentError, Option } from "commander";
import { EMPTY_BYTES, utf8 } from "../../cluster/base/bytes.ts";
import type { ZooKeeperClient } from "../../cluster/zookeeper/client.ts";
import { ANY_VERSION } from "../../cluster/zookeeper/node-records.ts";
import { childPath, parentOf, pathProblem, ROOT_PATH } from "../../cluster/zookeeper/path.ts";
import { ensurePath } from "../../cluster/zookeeper/recipe/ensure-path.ts";
import type { CreateMode, CreateOptions } from "../../cluster/zookeeper/transaction.ts";
import { ZooKeeperError } from "../../cluster/zookeeper/zookeeper-error.ts";
import { EXIT_CODE } from "../exit-code.ts";
import { CommandError } from "../failure.ts";
import { pageOut } from "../pager.ts";
import { writeOut } from "../write-out.ts";
import { formatAcl, parseAcl } from "../znode/acl-text.ts";
import { type ConnectionFlags, DEFAULT_SERVER, withClient } from "../znode/connection.ts";
import { deleteAll, pathsBelow } from "../znode/delete-all.ts";
import {
  aclJson,
  dataJson,
  jsonLine,
  LISTING_HEAD,
  listingLine,
  statJson,
  statLines,
} from "../znode/node-report.ts";
import { printable } from "../znode/printable.ts";
import { treeLines } from "../znode/tree-lines.ts";
import { watching } from "../znode/watching.ts";

interface Flags extends ConnectionFlags {
  readonly json?: true;
}

/** Nodes looked at together in a long listing. */
const WINDOW = 200;

export function registerZnode(program: Command): void {
  const znode = program
    .command("znode")
    .summary("look into and change a ZooKeeper tree")
    .description("Looks into and changes the tree of a ZooKeeper or of Kelp's monitors.");
  registerReading(znode);
  registerWriting(znode);
  registerDeleting(znode);
  registerAcl(znode);
}

/** A command on one path, with what all of them take. */
function onPath(
  znode: Command,
  name: string,
  summary: string,
  parse: (path: string) => string = nodePath,
): Command {
  return znode
    .command(name)
    .summary(summary)
    .description(`${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`)
    .argument("<path>", "the node, such as /kelp/map", parse)
    .option("-s, --server <list>", "host:port,host:port/chroot", DEFAULT_SERVER)
    .addOption(new Option("--auth <scheme:credentials...>", "who asks, as in digest:user:password"))
    .option("--json", "print one JSON value a line");
}

function registerReading(znode: Command): void {
  onPath(znode, "ls", "list a node's children")
    .option("-l, --long", "with size, children and time of change")
    .option("--after <name>", "only names behind this one")
    .option("--limit <n>", "at most so many names", count)
    .action((path: string, flags: ListFlags) =>
      withClient(flags, (client) => pageOut(listing(client, path, flags))),
    );
  onPath(
    znode,
    "get",
    "print a node's data: raw into a pipe or file, readable on a terminal",
  ).action((path: string, flags: Flags) =>
    withClient(flags, async (client) => {
      const { data, stat } = await client.getData(path);
      if (flags.json) {
        await writeOut(process.stdout, [
          jsonLine({ path, ...dataJson(data), stat: statJson(stat) }),
        ]);
      } else if (process.stdout.isTTY === true) await pageOut(once(printable(data)));
      else process.stdout.write(data);
    }),
  );
  onPath(znode, "stat", "print what is known about a node").action((path: string, flags: Flags) =>
    withClient(flags, async (client) => {
      const stat = await client.exists(path);
      if (stat === undefined) throw new ZooKeeperError("NONODE", { operation: "stat", path });
      const json = jsonLine({ path, ...statJson(stat) });
      await writeOut(process.stdout, flags.json ? [json] : statLines(stat));
    }),
  );
  onPath(znode, "tree", "draw a node and all below it")
    .option("--depth <n>", "so many levels below", count)
    .action((path: string, flags: Flags & { depth?: number }) =>
      withClient(flags, async (client) => {
        const { depth } = flags;
        if (!flags.json) await pageOut(treeLines({ client, path, depth }));
        else for (const each of await pathsBelow(client, path)) print(jsonLine({ path: each }));
      }),
    );
  onPath(znode, "watch", "tell of changes as they happen, until Ctrl-C")
    .option("-r, --recursive", "also of all that is below")
    .option("--count <n>", "end after so many", count)
    .action(watch);
}

interface ListFlags extends Flags {
  readonly long?: true;
  readonly after?: string;
  readonly limit?: number;
}

async function* listing(
  client: ZooKeeperClient,
  path: string,
  { long, json, after, limit }: ListFlags,
): AsyncGenerator<string> {
  const { children } = await client.getChildren(path);
  const names = children
    .filter((name) => after === undefined || name > after)
    .toSorted()
    .slice(0, limit);
  if (!long) {
    yield names.map((name) => (json ? jsonLine({ name }) : `${name}\n`)).join("");
    return;
  }
  if (!json) yield LISTING_HEAD;
  for (let from = 0; from < names.length; from += WINDOW) {
    const window = names.slice(from, from + WINDOW);
    const stats = await Promise.all(window.map((name) => client.exists(childPath(path, name))));
    for (const [index, name] of window.entries()) {
      const stat = stats[index];
      if (!json) yield listingLine(name, stat);
      else if (stat !== undefined) yield jsonLine({ name, ...statJson(stat) });
    }
  }
}

interface WatchFlags extends Flags {
  readonly recursive?: true;
  readonly count?: number;
}

async function watch(path: string, flags: WatchFlags): Promise<void> {
  const enough = new AbortController();
  const interrupted = (): void => enough.abort();
  process.once("SIGINT", interrupted);
  try {
    await withClient(
      flags,
      (client) =>
        watching({
          client,
          path,
          isRecursive: flags.recursive ?? false,
          isJson: flags.json ?? false,
          countMax: flags.count ?? Number.POSITIVE_INFINITY,
          print,
          wallMs: Date.now,
          signal: enough.signal,
        }),
      ({ status, reason }) => {
        if (status === "disconnected") process.stderr.write(`kelp: connection lost: ${reason}\n`);
      },
    );
  } finally {
    process.off("SIGINT", interrupted);
  }
  if (enough.signal.aborted) process.exitCode = EXIT_CODE.interrupted;
}

interface DataFlags extends Flags {
  readonly file?: string;
}

function registerWriting(znode: Command): void {
  onPath(znode, "set", "change a node's data")
    .argument("[data]", "the new data; - for standard input")
    .option("-f, --file <file>", "take the data from a file")
    .option("--if-version <n>", "only if the node has this version", integer)
    .action(
      async (path: string, text: string | undefined, flags: DataFlags & { ifVersion?: number }) => {
        const data = dataOf(text, flags.file);
        if (data === undefined) {
          throw new CommandError(
            EXIT_CODE.usage,
            "say which data: as an argument, with --file, or -",
          );
        }
        await withClient(flags, async (client) => {
          const stat = await client.setData(path, data, flags.ifVersion ?? ANY_VERSION);
          print(flags.json ? jsonLine({ path, ...statJson(stat) }) : `version ${stat.version}\n`);
        });
      },
    );
  onPath(znode, "create", "create a node, and print its path", newNodePath)
    .argument("[data]", "its data; - for standard input")
    .option("-f, --file <file>", "take the data from a file")
    .option("-p, --parents", "create missing parents, and be content if it exists")
    .option("--sequential", "let the server put a number behind the path")
    .option("--container", "it goes when its last child has gone")
    .option("--ttl <ms>", "it goes after so long without change", count)
    .option("--acl <list>", "who may do what, as in world:anyone:r", parseAcl)
    .action(create);
}

interface CreateFlags extends DataFlags {
  readonly parents?: true;
  readonly sequential?: true;
  readonly container?: true;
  readonly ttl?: number;
  readonly acl?: ReturnType<typeof parseAcl>;
}

async function create(path: string, text: string | undefined, flags: CreateFlags): Promise<void> {
  const options: CreateOptions = {
    mode: modeOf(flags),
    ...(flags.acl === undefined ? {} : { acl: flags.acl }),
    ...(flags.ttl === undefined ? {} : { ttlMs: flags.ttl }),
  };
  const data = dataOf(text, flags.file) ?? EMPTY_BYTES;
  await withClient(flags, async (client) => {
    if (flags.parents) {
      await ensurePath(client, parentOf(path));
      if (!flags.sequential && (await client.exists(path)) !== undefined) {
        print(flags.json ? jsonLine({ path }) : `${path}\n`);
        return;
      }
    }
    const created = await client.create(path, data, options);
    const json = jsonLine({ path: created.path, ...statJson(created.stat) });
    print(flags.json ? json : `${created.path}\n`);
  });
}

function modeOf({ sequential, container, ttl }: CreateFlags): CreateMode {
  if (container) {
    if (!sequential && ttl === undefined) return "CONTAINER";
    throw new CommandError(EXIT_CODE.usage, "a container has neither a number nor a --ttl");
  }
  if (ttl !== undefined) {
    return sequential ? "PERSISTENT_SEQUENTIAL_WITH_TTL" : "PERSISTENT_WITH_TTL";
  }
  return sequential ? "PERSISTENT_SEQUENTIAL" : "PERSISTENT";
}

function registerDeleting(znode: Command): void {
  onPath(znode, "delete", "delete a node without children")
    .option("--if-version <n>", "only if the node has this version", integer)
    .action((path: string, flags: Flags & { ifVersion?: number }) =>
      withClient(flags, async (client) => {
        await client.delete(path, flags.ifVersion ?? ANY_VERSION);
        if (flags.json) print(jsonLine({ deleted: 1 }));
      }),
    );
  onPath(znode, "deleteall", "delete a node and all below it")
    .option("--dry-run", "print what would be deleted, and delete nothing")
    .action(async (path: string, flags: Flags & { dryRun?: true }) => {
      if (path === ROOT_PATH || path === "/zookeeper") {
        throw new CommandError(EXIT_CODE.usage, `${path} cannot be deleted; name what is below it`);
      }
      await withClient(flags, async (client) => {
        if (flags.dryRun) {
          const paths = await pathsBelow(client, path);
          const lines = paths.map((each) => (flags.json ? jsonLine({ path: each }) : `${each}\n`));
          await writeOut(process.stdout, lines);
          return;
        }
        const deleted = await deleteAll(client, path);
        const text = `deleted ${deleted} ${deleted === 1 ? "node" : "nodes"}\n`;
        print(flags.json ? jsonLine({ deleted }) : text);
      });
    });
}

function registerAcl(znode: Command): void {
  onPath(znode, "acl", "print or change who may do what with a node")
    .option("--set <list>", "the new ACL, as in world:anyone:r,auth::cdrwa", parseAcl)
    .option("--if-version <n>", "only if the ACL has this version", integer)
    .action(
      (path: string, flags: Flags & { set?: ReturnType<typeof parseAcl>; ifVersion?: number }) =>
        withClient(flags, async (client) => {
          if (flags.set !== undefined) {
            await client.setAcl(path, flags.set, flags.ifVersion ?? ANY_VERSION);
          }
          const { acl, stat } = await client.getAcl(path);
          const json = jsonLine({ path, ...aclJson(acl), aversion: stat.aversion });
          print(flags.json ? json : acl.map((entry) => `${formatAcl(entry)}\n`).join(""));
        }),
    );
}

/** Undefined if nothing was said. */
function dataOf(text: string | undefined, file: string | undefined): Uint8Array | undefined {
  if (text !== undefined && file !== undefined) {
    throw new CommandError(EXIT_CODE.usage, "either data or --file, not both");
  }
  if (text === "-" || file === "-") return readInput("standard input", 0);
  if (file !== undefined) return readInput(file, file);
  return text === undefined ? undefined : utf8(text);
}

function readInput(name: string, source: string | number): Uint8Array {
  try {
    return readFileSync(source);
  } catch (error) {
    throw inputFailure(name, error as Error);
  }
}

function inputFailure(name: string, cause: Error): CommandError {
  return new CommandError(EXIT_CODE.failure, `${name}: ${cause.message}`, { cause });
}

function nodePath(path: string): string {
  return checkedPath(path, false);
}

/** A sequential node may be called by its number alone. */
function newNodePath(path: string): string {
  return checkedPath(path, path.endsWith("/") && path.length > 1);
}

function checkedPath(path: string, sequential: boolean): string {
  const problem = pathProblem(path, { sequential });
  if (problem === undefined) return path;
  throw new InvalidArgumentError(`${problem.charAt(0).toUpperCase()}${problem.slice(1)}.`);
}

function integer(text: string): number {
  if (/^-?\d{1,10}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("A whole number is needed.");
}

function count(text: string): number {
  if (/^\d{1,12}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("A whole number from 0 up is needed.");
}

function print(text: string): void {
  process.stdout.write(text);
}

async function* once(text: string): AsyncGenerator<string> {
  yield text;
}
