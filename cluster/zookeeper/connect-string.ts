/**
 * Where an ensemble is, as ZooKeeper's clients write it: `host:port,host:port/chroot`. The port may
 * be left out. Below the chroot a client sees its own root.
 */
import { ClusterError } from "../base/error.ts";
import { pathProblem, ROOT_PATH } from "./path.ts";

export const DEFAULT_PORT = 2181;
const PORT_MAX = 65_535;
const SERVER_COUNT_MAX = 1000;

export interface Ensemble {
  /** Each as `host:port`, none twice. */
  readonly servers: readonly string[];
  /** "/" if there is none. */
  readonly chroot: string;
}

/** Throws CONFIG_INVALID. */
export function parseConnectString(text: string): Ensemble {
  const slash = text.indexOf("/");
  const hosts = slash < 0 ? text : text.slice(0, slash);
  const servers = [...new Set(hosts.split(",").map((host) => serverOf(host.trim(), text)))];
  if (servers.length > SERVER_COUNT_MAX) {
    throw new ClusterError("CONFIG_INVALID", `${servers.length} servers are too many to be true`);
  }
  const chroot = slash < 0 ? ROOT_PATH : text.slice(slash);
  const problem = pathProblem(chroot);
  if (problem === undefined) return { servers, chroot };
  throw new ClusterError("CONFIG_INVALID", `"${text}": in what follows the servers, ${problem}`);
}

function serverOf(server: string, text: string): string {
  const match = /^(\[[0-9a-fA-F:.]+\]|[^\s:[\],/]+)(?::(\d{1,5}))?$/.exec(server);
  const port = Number(match?.[2] ?? DEFAULT_PORT);
  if (match === null || port === 0 || port > PORT_MAX) {
    const problem = server === "" ? "a server is missing" : `"${server}" is no server`;
    throw new ClusterError(
      "CONFIG_INVALID",
      `"${text}": ${problem}; write host:port,host:port/chroot`,
    );
  }
  return `${match[1]}:${port}`;
}
