/** Tells of changes as they happen, until somebody has seen enough. */
import type { ClientStatus, WatchEvent, ZooKeeperClient } from "../../cluster/zookeeper/client.ts";
import { ZooKeeperError } from "../../cluster/zookeeper/zookeeper-error.ts";
import { jsonLine, time } from "./node-report.ts";

export interface WatchingOptions {
  readonly client: ZooKeeperClient;
  readonly path: string;
  /** Also of all that is below. */
  readonly isRecursive: boolean;
  readonly isJson: boolean;
  /** End after so many events. */
  readonly countMax: number;
  readonly print: (line: string) => void;
  readonly wallMs: () => number;
  /** Aborted when the reader has seen enough. */
  readonly signal: AbortSignal;
}

/** Settles at the end; rejects if the session ends by itself. */
export async function watching(options: WatchingOptions): Promise<void> {
  const { client, path, isRecursive, signal, countMax } = options;
  let count = 0;
  await new Promise<void>((resolve, reject) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
    const told = (event: WatchEvent): void => {
      if (signal.aborted || count >= countMax) return;
      if (event.type === "none") return; // The session's end is told by what fails next.
      count += 1;
      options.print(eventLine(event, options));
      if (count >= countMax) resolve();
    };
    const ended = ({ status, reason }: ClientStatus): void => {
      if (status === "expired" || status === "authFailed") {
        const code = status === "expired" ? "SESSIONEXPIRED" : "AUTHFAILED";
        reject(new ZooKeeperError(code, { operation: "watch", path, hint: reason }));
      }
    };
    client.onStatus(ended);
    const mode = isRecursive ? "persistentRecursive" : "persistent";
    client.addWatch(path, mode, told).catch(reject);
  });
}

function eventLine({ type, path }: WatchEvent, { isJson, wallMs }: WatchingOptions): string {
  if (isJson) return jsonLine({ timeMs: Math.floor(wallMs()), type, path });
  return `${time(wallMs())}  ${type.padEnd(20)}${path}\n`;
}
