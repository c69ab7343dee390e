/**
 * An ordinary zoo.cfg as the configuration of a monitor. What is wrong is told all at once, with
 * line and column and what to write instead. A key that nobody knows is a remark and no error, as
 * in ZooKeeper, where it would become a Java property that nobody reads; only `kelp.` keys are ours
 * alone, and a misspelt one is an error.
 *
 * Observers: their lines are left out with a remark, because an observer has no vote and the others
 * form the same quorums without it. The observer itself is refused (`memberOf`): serving as a
 * participant would change which majorities there are. Groups and weights would change them too and
 * are refused.
 */
import { assert } from "../../cluster/base/assert.ts";
import { ClusterError } from "../../cluster/base/error.ts";
import { closestName } from "../../cluster/runtime/config-names.ts";
import {
  isZooKey,
  plainKey,
  REFUSED,
  reasonIgnored,
  type Setting,
  ZOO_SETTINGS,
  type ZooKey,
} from "./zoo-cfg-keys.ts";
import { parseServer, parseServerId, type ServerLine } from "./zoo-cfg-server.ts";
import { type ConfigText, formatPlace, readEntries, type ZooCfgEntry } from "./zoo-cfg-text.ts";

type SettingValue<Key extends ZooKey> =
  (typeof ZOO_SETTINGS)[Key] extends Setting<infer T> ? T : never;

export interface ZooCfg {
  readonly dataDir: string;
  /** Where Kelp's own files are: `kelp.dataDir`, else a folder of its own in `dataDir`. */
  readonly storeDir: string;
  readonly dataLogDir: string;
  readonly tickTimeMs: number;
  readonly initLimit: number;
  readonly syncLimit: number;
  readonly minSessionTimeoutMs: number;
  readonly maxSessionTimeoutMs: number;
  readonly maxClientCnxns: number;
  readonly maxCnxns: number;
  readonly globalOutstandingLimit: number;
  readonly juteMaxBuffer: number;
  readonly reapIntervalMs: number;
  readonly wordsWhitelist: ReadonlySet<string>;
  readonly superDigest: string | undefined;
  readonly skipAcl: boolean;
  readonly extendedTypes: boolean;
  readonly quorumListenOnAllIps: boolean;
  readonly clusterKeyFile: string | undefined;
  readonly http: HostPort | undefined;
  /** Where a controller in this monitor's process is asked; without it there is none. */
  readonly controller: HostPort | undefined;
  /** What clientPort and clientPortAddress say; a server line may say it for its own member. */
  readonly client: HostPort | undefined;
  /** The participants, by rising id. None: a single monitor. */
  readonly servers: readonly ServerLine[];
  readonly observers: readonly ServerLine[];
  /** What an operator should know about the file, as `path:line:column: text`. */
  readonly remarks: readonly string[];
}

export interface HostPort {
  readonly host: string;
  readonly port: number;
}

export interface Member {
  /** 0 for a single monitor without a myid. */
  readonly id: number;
  readonly client: HostPort;
}

const ANY_HOST = "0.0.0.0";

interface Draft {
  readonly entries: Map<ZooKey, ZooCfgEntry>;
  readonly values: Map<ZooKey, unknown>;
  readonly servers: Map<number, ServerLine>;
  readonly problems: string[];
  readonly remarks: string[];
}

/** The file that `dynamicConfigFile` names, which the shell reads and hands to `parseZooCfg`. */
export function dynamicConfigFileOf(main: ConfigText): string | undefined {
  return readEntries(main).findLast(({ key }) => key === "dynamicConfigFile")?.value;
}

/** Throws CONFIG_INVALID with everything that is wrong, a line each. */
export function parseZooCfg(main: ConfigText, dynamic?: ConfigText): ZooCfg {
  const draft: Draft = {
    entries: new Map(),
    values: new Map(),
    servers: new Map(),
    problems: [],
    remarks: [],
  };
  for (const entry of readEntries(main)) readEntry(draft, entry);
  for (const entry of dynamic === undefined ? [] : readEntries(dynamic)) readEntry(draft, entry);
  const cfg = complete(draft, main.path);
  refuseAny(draft.problems);
  assert(cfg !== undefined, "a file without problems gives a configuration");
  return cfg;
}

/** The servers' client ports as a client of the ensemble names them, this member's first. */
export function coordinatorOf({ servers, client }: ZooCfg, self: Member): string {
  const own = {
    host: self.client.host === ANY_HOST ? "127.0.0.1" : self.client.host,
    port: self.client.port,
  };
  const others = servers
    .filter(({ id }) => id !== self.id)
    .flatMap((server) => {
      const said = server.client ?? client;
      const [address] = server.addresses;
      if (said === undefined || address === undefined) return [];
      // A line without a host listens everywhere, so also where its peers reach it.
      const isHostSaid = server.client !== undefined && server.client.host !== ANY_HOST;
      return [{ host: isHostSaid ? said.host : address.host, port: said.port }];
    });
  return [own, ...others]
    .map(({ host, port }) => (host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`))
    .join(",");
}

/** Which server this is. `myid` is the text of `dataDir/myid`, undefined if there is no such file. */
export function memberOf(
  cfg: ZooCfg,
  myid: { readonly path: string; readonly text: string | undefined },
): Member {
  const text = myid.text?.split(/\r?\n/)[0]?.trim();
  const id = text === undefined ? undefined : parseServerId(text);
  if (text !== undefined && id === undefined) {
    throw invalid(`${myid.path}:1:1: "${text}" is no server id; write the N of a server.N line`);
  }
  if (cfg.servers.length === 0) return { id: id ?? 0, client: clientOf(cfg, undefined) };
  if (id === undefined) {
    const ids = cfg.servers.map((server) => server.id).join(", ");
    throw invalid(`${myid.path} is missing; write this server's N into it (one of ${ids})`);
  }
  const line = cfg.servers.find((server) => server.id === id);
  if (line !== undefined) return { id, client: clientOf(cfg, line) };
  if (cfg.observers.some((server) => server.id === id)) {
    throw invalid(
      `server.${id} is an observer, which Kelp does not have yet: as a participant it would change ` +
        "the majorities. Run it without this line elsewhere, or make it a participant everywhere",
    );
  }
  throw invalid(`${myid.path}:1:1: there is no line server.${id}; add it or correct the id`);
}

function clientOf(cfg: ZooCfg, line: ServerLine | undefined): HostPort {
  const said = cfg.client;
  const own = line?.client;
  if (own === undefined && said === undefined) {
    throw invalid("no client port: write clientPort=2181, or ;2181 at the end of the server line");
  }
  const differs =
    own !== undefined &&
    said !== undefined &&
    (own.port !== said.port || (said.host !== ANY_HOST && said.host !== own.host));
  if (differs) {
    throw invalid(
      `clientPort says ${said.host}:${said.port} and server.${line?.id} ${own.host}:${own.port}; ` +
        "make them equal or leave one out",
    );
  }
  return own ?? (said as HostPort);
}

function readEntry(draft: Draft, entry: ZooCfgEntry): void {
  const key = plainKey(entry.key);
  const server = /^server\.(.*)$/.exec(key)?.[1];
  if (server !== undefined) readServer(draft, entry, server);
  else if (/^(?:group|weight)\b/.test(key)) {
    const why = "groups and weights change the majorities, and Kelp counts every server once";
    draft.problems.push(`${formatPlace(entry.place)}: ${entry.key}: ${why}; remove the line`);
  } else if (isZooKey(key)) readSetting(draft, entry, key);
  else readOther(draft, entry, key);
}

function readServer(draft: Draft, entry: ZooCfgEntry, idText: string): void {
  const id = parseServerId(idText);
  if (id === undefined) {
    draft.problems.push(
      `${formatPlace(entry.place)}: ${entry.key}: "${idText}" is no server id; write a number`,
    );
    return;
  }
  if (draft.servers.has(id)) {
    draft.problems.push(`${formatPlace(entry.place)}: server.${id} is given twice; keep one line`);
    return;
  }
  const parsed = parseServer(id, entry.value);
  if ("problem" in parsed) {
    const { path, line, column } = entry.valuePlace;
    const place = formatPlace({ path, line, column: column + parsed.offset });
    draft.problems.push(`${place}: ${entry.key} ${parsed.problem}`);
    return;
  }
  draft.servers.set(id, parsed);
}

function readSetting(draft: Draft, entry: ZooCfgEntry, key: ZooKey): void {
  const earlier = draft.entries.get(key);
  if (earlier !== undefined) {
    const where = `${earlier.place.line}:${earlier.place.column}`;
    draft.remarks.push(`${formatPlace(entry.place)}: ${entry.key} replaces the value at ${where}`);
  }
  const setting: Setting<unknown> = ZOO_SETTINGS[key];
  draft.entries.set(key, entry);
  const value = setting.parse(entry.value);
  if (value === undefined) {
    const shown = key.endsWith("superDigest") ? "" : ` is "${entry.value.slice(0, 100)}",`;
    draft.problems.push(
      `${formatPlace(entry.valuePlace)}: ${entry.key}${shown} expected ${setting.expects}`,
    );
    return;
  }
  draft.values.set(key, value);
}

function readOther(draft: Draft, entry: ZooCfgEntry, key: string): void {
  const place = formatPlace(entry.place);
  const refused = REFUSED.get(key);
  if (refused !== undefined && entry.value.toLowerCase() !== "false") {
    draft.problems.push(`${place}: ${entry.key}: ${refused}; write ${entry.key}=false`);
    return;
  }
  const meant = closestName(key, Object.keys(ZOO_SETTINGS));
  const hint = meant === undefined ? "" : `; did you mean ${meant}?`;
  if (key.startsWith("kelp.")) {
    draft.problems.push(`${place}: there is no setting ${entry.key}${hint}`);
    return;
  }
  const reason = refused ?? reasonIgnored(key) ?? `Kelp knows no such setting${hint}`;
  draft.remarks.push(`${place}: ${entry.key} is ignored: ${reason}`);
}

function settingOf<Key extends ZooKey>(draft: Draft, key: Key): SettingValue<Key> {
  const value = draft.values.has(key) ? draft.values.get(key) : ZOO_SETTINGS[key].default;
  return value as SettingValue<Key>;
}

/** Undefined if something is missing without which there is nothing to return. */
function complete(draft: Draft, path: string): ZooCfg | undefined {
  const dataDir = settingOf(draft, "dataDir");
  if (!draft.entries.has("dataDir")) {
    draft.problems.push(`${path}: dataDir is missing; write dataDir=/var/lib/zookeeper`);
  }
  const tickTimeMs = settingOf(draft, "tickTime");
  const least = settingOf(draft, "minSessionTimeout");
  const most = settingOf(draft, "maxSessionTimeout");
  const minSessionTimeoutMs = least < 0 ? 2 * tickTimeMs : least;
  const maxSessionTimeoutMs = most < 0 ? 20 * tickTimeMs : most;
  if (minSessionTimeoutMs > maxSessionTimeoutMs) {
    draft.problems.push(
      `${path}: minSessionTimeout (${minSessionTimeoutMs}) is more than maxSessionTimeout ` +
        `(${maxSessionTimeoutMs}); raise the second`,
    );
  }
  const client = listening(draft, { path, host: "clientPortAddress", port: "clientPort" });
  const { servers, observers } = members(draft, path);
  if (dataDir === undefined) return undefined;
  const logDir = draft.entries.get("dataLogDir");
  if (logDir !== undefined && logDir.value !== dataDir) {
    const why = "everything is in one store; kelp.dataDir says where";
    draft.remarks.push(`${formatPlace(logDir.place)}: dataLogDir is not used: ${why}`);
  }
  return {
    dataDir,
    storeDir: settingOf(draft, "kelp.dataDir") ?? `${dataDir.replace(/\/+$/, "")}/kelp`,
    dataLogDir: settingOf(draft, "dataLogDir") ?? dataDir,
    tickTimeMs,
    initLimit: settingOf(draft, "initLimit"),
    syncLimit: settingOf(draft, "syncLimit"),
    minSessionTimeoutMs,
    maxSessionTimeoutMs,
    maxClientCnxns: settingOf(draft, "maxClientCnxns"),
    maxCnxns: settingOf(draft, "maxCnxns"),
    globalOutstandingLimit: settingOf(draft, "globalOutstandingLimit"),
    juteMaxBuffer: settingOf(draft, "jute.maxbuffer"),
    reapIntervalMs: settingOf(draft, "kelp.reapIntervalMs"),
    wordsWhitelist: settingOf(draft, "4lw.commands.whitelist"),
    superDigest: settingOf(draft, "DigestAuthenticationProvider.superDigest"),
    skipAcl: settingOf(draft, "skipACL"),
    extendedTypes: settingOf(draft, "extendedTypesEnabled"),
    quorumListenOnAllIps: settingOf(draft, "quorumListenOnAllIPs"),
    clusterKeyFile: settingOf(draft, "kelp.clusterKeyFile"),
    http:
      listening(draft, { path, host: "kelp.httpAddress", port: "kelp.httpPort" }) ??
      listening(draft, {
        path,
        host: "metricsProvider.httpHost",
        port: "metricsProvider.httpPort",
      }),
    controller: controllerOf(draft, path),
    client,
    servers,
    observers,
    remarks: draft.remarks,
  };
}

function listening(
  draft: Draft,
  keys: {
    path: string;
    host:
      | "clientPortAddress"
      | "kelp.controllerAddress"
      | "kelp.httpAddress"
      | "metricsProvider.httpHost";
    port: "clientPort" | "kelp.controllerPort" | "kelp.httpPort" | "metricsProvider.httpPort";
  },
): HostPort | undefined {
  const port = settingOf(draft, keys.port);
  const host = settingOf(draft, keys.host) ?? ANY_HOST;
  if (port !== undefined) return { host, port };
  if (draft.entries.has(keys.port)) return undefined; // What is wrong with it has been said.
  const entry = draft.entries.get(keys.host);
  if (entry !== undefined) {
    const problem = `${keys.host} is set but ${keys.port} is not; set both or neither`;
    draft.problems.push(`${formatPlace(entry.place)}: ${problem}`);
  }
  return undefined;
}

/** It proves itself to OSDs and operators, so it needs the key that they have. */
function controllerOf(draft: Draft, path: string): HostPort | undefined {
  const host = "kelp.controllerAddress";
  const controller = listening(draft, { path, host, port: "kelp.controllerPort" });
  const entry = draft.entries.get("kelp.controllerPort");
  if (entry !== undefined && !draft.entries.has("kelp.clusterKeyFile")) {
    const problem =
      "kelp.controllerPort needs kelp.clusterKeyFile, the key that OSDs and operators have";
    draft.problems.push(`${formatPlace(entry.place)}: ${problem}`);
  }
  if (controller?.host === ANY_HOST) {
    const problem = `others have to find the controller; write ${host}=, an address of this machine`;
    draft.problems.push(`${entry === undefined ? path : formatPlace(entry.place)}: ${problem}`);
  }
  return controller;
}

function members(
  draft: Draft,
  path: string,
): { servers: readonly ServerLine[]; observers: readonly ServerLine[] } {
  const all = [...draft.servers.values()].sort((left, right) => left.id - right.id);
  const servers = all.filter(({ role }) => role === "participant");
  const observers = all.filter(({ role }) => role === "observer");
  if (servers.length === 0 && observers.length > 0) {
    draft.problems.push(`${path}: all servers are observers; make them participants`);
  }
  for (const { id } of observers) {
    draft.remarks.push(`${path}: server.${id} is an observer and is left out: it has no vote`);
  }
  if (servers.length > 0 && servers.length % 2 === 0) {
    const fewer = servers.length - 1;
    draft.remarks.push(`${path}: ${servers.length} servers survive no more losses than ${fewer}`);
  }
  return { servers, observers };
}

function refuseAny(problems: readonly string[]): void {
  if (problems.length > 0) throw invalid(problems.join("\n"));
}

function invalid(message: string): ClusterError {
  return new ClusterError("CONFIG_INVALID", message);
}
