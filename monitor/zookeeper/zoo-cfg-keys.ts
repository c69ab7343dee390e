/**
 * The settings of a zoo.cfg that Kelp uses, and why it does not use the others. ZooKeeper passes a
 * key that it does not know on as the Java property `zookeeper.<key>`; so a key means the same here
 * with and without that prefix.
 */
import { REQUEST_BYTES_MAX } from "../message/limits.ts";
import { parsePort } from "./zoo-cfg-server.ts";

export interface Setting<T> {
  readonly default: T;
  /** What a value must be, as in "expected a number from 1 to 65535". */
  readonly expects: string;
  parse(text: string): T | undefined;
}

const INT_MAX = 2 ** 31 - 1;
/** ZooKeeper's znode.container.checkIntervalMs. */
export const REAP_INTERVAL_MS = 60_000;
const REAP_INTERVAL_MS_MIN = 1_000;

function whole(options: {
  readonly min: number;
  readonly max?: number;
  readonly default: number;
}): Setting<number> {
  const max = options.max ?? INT_MAX;
  const parse = (text: string): number | undefined => {
    const value = /^[+-]?\d{1,10}$/.test(text) ? Number(text) : Number.NaN;
    return value >= options.min && value <= max ? value : undefined;
  };
  return { default: options.default, expects: `a number from ${options.min} to ${max}`, parse };
}

function text(fallback: string | undefined, expects: string): Setting<string | undefined> {
  return { default: fallback, expects, parse: (value) => (value === "" ? undefined : value) };
}

function flag(fallback: boolean): Setting<boolean> {
  const parse = (value: string): boolean | undefined =>
    new Map([
      ["true", true],
      ["false", false],
    ]).get(value.toLowerCase());
  return { default: fallback, expects: "true or false", parse };
}

/** ZooKeeper skips checks for "yes" alone; "true" would leave them on there, so it is refused. */
const skipAcl: Setting<boolean> = {
  default: false,
  expects: "yes or no",
  parse: (value) => (value === "yes" ? true : value === "no" ? false : undefined),
};

const port: Setting<number | undefined> = {
  default: undefined,
  expects: "a port from 1 to 65535",
  parse: parsePort,
};

const requestBytes = whole({ min: 1024, max: REQUEST_BYTES_MAX, default: 0xfffff });
/** ZooKeeper takes more, and then has trouble with it in its own ways. */
const juteMaxBuffer: Setting<number> = {
  ...requestBytes,
  expects: `${requestBytes.expects}, because a request has to fit into one message between monitors`,
};

/** -1 is ZooKeeper's way to say that the default counts. */
const timeoutMs = whole({ min: -1, default: -1 });
const words: Setting<ReadonlySet<string>> = {
  default: new Set(["srvr"]),
  expects: "four-letter words between commas, or *",
  parse: (value) =>
    new Set(
      value
        .split(",")
        .map((word) => word.trim())
        .filter((word) => word),
    ),
};
const digest: Setting<string | undefined> = {
  default: undefined,
  expects: "super:<base64 of SHA-1>, as DigestAuthenticationProvider prints it",
  parse: (value) => (/^[^:]+:[A-Za-z0-9+/]+=*$/.test(value) ? value : undefined),
};

export const ZOO_SETTINGS = {
  dataDir: text(undefined, "a directory"),
  dataLogDir: text(undefined, "a directory"),
  dynamicConfigFile: text(undefined, "a file"),
  clientPort: port,
  clientPortAddress: text(undefined, "an address of this machine"),
  clientPortListenBacklog: whole({ min: -1, default: -1 }),
  tickTime: whole({ min: 1, default: 3000 }),
  initLimit: whole({ min: 1, default: 10 }),
  syncLimit: whole({ min: 1, default: 5 }),
  minSessionTimeout: timeoutMs,
  maxSessionTimeout: timeoutMs,
  maxClientCnxns: whole({ min: 0, default: 60 }),
  maxCnxns: whole({ min: 0, default: 0 }),
  globalOutstandingLimit: whole({ min: 1, default: 10_000 }),
  quorumListenOnAllIPs: flag(false),
  "4lw.commands.whitelist": words,
  "DigestAuthenticationProvider.superDigest": digest,
  skipACL: skipAcl,
  extendedTypesEnabled: flag(false),
  "jute.maxbuffer": juteMaxBuffer,
  "metricsProvider.httpHost": text("0.0.0.0", "an address of this machine"),
  "metricsProvider.httpPort": port,
  "kelp.clusterKeyFile": text(undefined, "the file with the cluster key"),
  "kelp.controllerAddress": text(undefined, "an address of this machine"),
  "kelp.controllerPort": port,
  "kelp.dataDir": text(undefined, "the directory for Kelp's own files"),
  "kelp.httpAddress": text(undefined, "an address of this machine"),
  "kelp.httpPort": port,
  "kelp.reapIntervalMs": whole({ min: REAP_INTERVAL_MS_MIN, default: REAP_INTERVAL_MS }),
} as const satisfies Readonly<Record<string, Setting<unknown>>>;

export type ZooKey = keyof typeof ZOO_SETTINGS;

/**
 * Settings that promise protection or semantics which Kelp does not have. Going on without them
 * would serve less than the file says, so a value that turns one on is refused.
 */
export const REFUSED: ReadonlyMap<string, string> = new Map([
  ["enforce.auth.enabled", "clients cannot be made to authenticate yet"],
  ["sessionRequireClientSASLAuth", "SASL is not served yet"],
  ["sslQuorum", "peers are not encrypted yet; authenticate them with kelp.clusterKeyFile"],
  ["quorum.auth.serverRequireSasl", "peers do not use SASL; use kelp.clusterKeyFile"],
  ["quorum.auth.learnerRequireSasl", "peers do not use SASL; use kelp.clusterKeyFile"],
]);

/** What is ignored for a reason worth telling; the longest matching beginning counts. */
const IGNORED: readonly (readonly [start: string, reason: string])[] = [
  ["autopurge.", "Kelp keeps no snapshots or logs to purge"],
  ["snapCount", "Kelp takes no snapshots"],
  ["snapSizeLimitInKb", "Kelp takes no snapshots"],
  ["snapshot.", "Kelp takes no snapshots"],
  ["preAllocSize", "LevelDB sizes the log"],
  ["forceSync", "Kelp always makes a write durable before it answers"],
  ["fsync.", "Kelp always makes a write durable before it answers"],
  ["admin.", "the admin server is not there yet; metrics and health are on kelp.httpPort"],
  ["secureClientPort", "TLS is not served yet; no secure port is opened"],
  ["ssl.", "TLS is not served yet"],
  ["authProvider.", "only world, auth, digest, ip and super are there yet"],
  ["kerberos.", "SASL is not served yet"],
  ["sasl", "SASL is not served yet"],
  ["quorum.auth.", "peers do not use SASL; use kelp.clusterKeyFile"],
  ["quorum.cnxn", "Kelp's consensus has no such threads"],
  ["reconfigEnabled", "reconfig answers as where it is not enabled"],
  ["readonlymode.enabled", "there is no read-only mode: a member without a quorum serves nobody"],
  ["localSessions", "all sessions are global"],
  ["standaloneEnabled", "a single server is an ensemble of one"],
  ["electionAlg", "Kelp elects its leaders by Paxos"],
  ["leaderServes", "the leader serves clients too"],
  ["cnxTimeout", "Kelp's transport has its own timeouts"],
  ["multiAddress.", "several addresses of a server are accepted as they are"],
  ["observerMasterPort", "there are no observers yet"],
  ["syncEnabled", "there are no observers yet"],
  ["peerType", "the role stands in the server line"],
  ["metricsProvider.", "metrics are served in Prometheus' format on kelp.httpPort"],
  ["serverCnxnFactory", "Kelp has one kind of connection"],
  ["jvm.", "there is no JVM"],
  ["version", "Kelp keeps the membership itself"],
];

export function reasonIgnored(key: string): string | undefined {
  return IGNORED.find(([start]) => key.startsWith(start))?.[1];
}

/** The key without the prefix of a Java property. */
export function plainKey(key: string): string {
  return key.startsWith("zookeeper.") ? key.slice("zookeeper.".length) : key;
}

export function isZooKey(key: string): key is ZooKey {
  return Object.hasOwn(ZOO_SETTINGS, key);
}
